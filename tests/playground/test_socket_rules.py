"""Who may open the socket, and what he may send (design/hardening.md, abuse 54 and 59)."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from gateway_process import wait_until
from playground_client import Page, new_id, person
from websockets.exceptions import ConnectionClosed, InvalidStatus

pytestmark = pytest.mark.database


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://["]
)
def test_foreign_origins_are_refused_at_the_handshake(alice, origin):
    with pytest.raises(InvalidStatus) as refused:
        Page(alice, origin=origin)
    assert refused.value.response.status_code == 403


def test_no_origin_is_refused_at_the_handshake(alice):
    with pytest.raises(InvalidStatus) as refused:
        Page(alice, origin="")
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("session", ["", "0" * 32, "; drop=1", "\\\\"])
def test_nobody_is_closed_with_4401(alice, session):
    with Page(alice, session=session) as page:
        assert page.close_code() == 4401


def test_a_frame_that_is_too_large(alice):
    with Page(alice) as page:
        page.socket.send("x" * (1024 * 1024 + 1))
        assert page.close_code() == 1009


def test_a_frame_of_the_largest_size(alice):
    with Page(alice) as page:
        page.socket.send(json.dumps({"type": "ping", "x": "x" * (1024 * 1024 - 40)}))
        page.other("pong")


def test_too_many_frames(alice):
    with Page(alice) as page:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(200):
                page.socket.send('{"type":"ping"}')
        assert page.close_code() == 1008


def test_forty_frames_a_second_pass(alice):
    with Page(alice) as page:
        for _ in range(40):
            page.send("ping")
        for _ in range(40):
            page.other("pong")


@pytest.mark.parametrize(
    "frame",
    [
        "", "{", "[]", "null", "1", '"x"', "{}", '{"type":null}', '{"type":["x"]}',
        '{"type":"run.start"}', '{"type":"resume","run":"x","after":0}',
        '{"type":"resume","run":"msg-aaaaaaaaaaaaaaaaaaaaaa","after":"0"}',
        '{"type":"resume","run":"msg-aaaaaaaaaaaaaaaaaaaaaa","after":1e400}',
        '{"type":"run.stop","runs":{"a":1}}', '{"type":"estimate","id":1,"bodies":[]}',
        '{"type":"estimate","id":-1,"bodies":{}}', '{"type":"\\u0000"}',
        '{"type":"ping","x":' + "[" * 900 + "]" * 900 + "}",
        '{"type":"ping","x":' + "[" * 200_000 + "]" * 200_000 + "}",
        '{"type":"resume","run":"\\ud800"}',
    ],
)  # fmt: skip
def test_what_is_no_command_is_told_and_no_more(alice, frame):
    with Page(alice) as page:
        page.socket.send(frame)
        assert page.other("error")["code"] == 400
        page.send("ping")
        page.other("pong")


@pytest.mark.parametrize(
    "wrong",
    [
        {"run": "msg-short"}, {"run": None}, {"chat": "chat-1"}, {"chat": 5}, {"pane": ""},
        {"pane": "a" * 9}, {"pane": "../x"}, {"parent": "x"}, {"body": None}, {"body": []},
        {"question": {"id": "x", "content": ""}}, {"question": []}, {"account": "1"},
        {"question": {"id": "msg-aaaaaaaaaaaaaaaaaaaaaa", "content": None}},
        {"question": {"id": "msg-aaaaaaaaaaaaaaaaaaaaaa", "role": "system", "content": "x"}},
        {"questions": [{}] * 33}, {"account": 0}, {"account": 2**60},
    ],
)  # fmt: skip
def test_a_start_of_the_wrong_shape(alice, wrong):
    with Page(alice) as page:
        command = {"run": new_id(), "chat": alice.chat, "pane": "p", "question": None, "body": {}}
        page.send("run.start", **command | wrong)
        assert page.other("error")["about"] == "run.start"
    assert alice.messages() == []


@pytest.mark.parametrize(
    "body",
    [
        {}, {"messages": []}, {"messages": "x"}, {"messages": [{"role": "user"}]},
        {"messages": [[]], "model": 5},
        {"model": "\0", "messages": [{"role": "user", "content": "x"}]},
        {"model": "x" * 300, "messages": [{"role": "user", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": 5}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url"}, 7, None]}]},
        {"messages": [{"role": "user", "content": "\0"}], "temperature": "hot"},
    ],
)  # fmt: skip
def test_a_body_that_is_none_is_a_failed_run(alice, body):
    with Page(alice) as page:
        run = new_id()
        command = {"run": run, "chat": alice.chat, "pane": "p", "parent": None, "question": None}
        page.send("run.start", **command, body=body)
        done = page.done(run).done
    assert (done["state"], done["error"]["code"], done["cost"]) == ("failed", 400, "0")
    assert alice.row(run)["error"]["code"] == 400


def test_binary_frames_are_read_like_texts(alice):
    with Page(alice) as page:
        page.socket.send(b'{"type":"ping"}')
        page.other("pong")
        page.socket.send(b"\xff\xfe")
        assert page.other("error")["code"] == 400


def test_a_text_that_is_no_text_closes_the_socket(alice):
    with Page(alice) as page:
        page.socket.send(b"\xff\xfe", text=True)
        assert page.close_code() == 1007


def test_anothers_chat_run_and_answer_do_not_exist(gateway, alice, bob):
    with Page(alice) as page, Page(bob) as other:
        run = page.start("[[simulate tokens=500 tps=100]]")
        page.text(run)
        other.send("resume", run=run, after=-1)
        refused = other.other("error")
        other.send("resume", run=new_id(), after=-1)
        unknown = other.other("error")
        assert (refused["code"], refused["message"]) == (404, unknown["message"])
        other.send("run.stop", runs=[run])
        # In her chat, below her answer, under the id of her run.
        mine = new_id()
        other.start("mine", run=mine, chat=alice.chat)
        assert other.other("error")["code"] == 404
        other.start("mine", run=mine, parent=run)
        assert other.other("error")["code"] == 404
        other.start("mine", run=run)
        assert other.other("error")["code"] in (404, 409)
        page.send("run.stop", runs=[run])
        assert page.done(run).done["state"] == "stopped"
    assert bob.messages() == []
    assert len(alice.messages()) == 2


def test_nobody_spends_from_anothers_account(gateway, alice, bob):
    with Page(bob) as page:
        page.start(account=alice.user_id)
        refused = page.other("error")
        page.start(account=999_999)
        assert refused["code"] == 404 and refused["message"] == page.other("error")["message"]
    assert bob.messages() == []


def test_who_signs_out_is_closed_at_the_next_start(gateway, alice):
    with Page(alice) as page:
        page.done(page.start())
        gateway.desk("sign_out", session=alice.session)
        time.sleep(2.1)
        page.start()
        assert page.close_code() == 4401
    assert len(alice.answers()) == 1


def test_who_signs_out_is_closed_without_doing_anything(gateway, alice):
    with Page(alice) as page:
        gateway.desk("sign_out", session=alice.session)
        assert page.close_code() == 4401


def test_a_switched_off_key_refuses(gateway, alice):
    with Page(alice) as page:
        page.done(page.start())
        (key,) = gateway.sql(
            "SELECT id FROM accounts_apikey WHERE user_id = %s AND is_playground", alice.user_id
        )
        gateway.desk("disable", key_id=key["id"])
        time.sleep(3.1)
        done = page.done(page.start("after")).done
    assert (done["state"], done["error"]["code"], done["cost"]) == ("failed", 401, "0")
    assert "switched off" in done["error"]["message"]


def test_a_key_that_is_switched_off_ends_what_runs(gateway, alice):
    with Page(alice) as page:
        run = page.start("[[simulate tokens=4000 tps=50]]")
        page.text(run)
        (key,) = gateway.sql(
            "SELECT id FROM accounts_apikey WHERE user_id = %s AND is_playground", alice.user_id
        )
        gateway.desk("disable", key_id=key["id"])
        done = page.done(run).done
    assert (done["state"], done["error"]["code"]) == ("failed", 401)
    assert done["usage"]["completion_tokens"] > 0


def test_members_pay_from_the_account_they_choose(gateway, alice, bob):
    gateway.desk("join", owner_id=alice.user_id, user_id=bob.user_id)
    with Page(bob) as page:
        done = page.done(page.start(account=alice.user_id)).done
    (row,) = gateway.sql(
        "SELECT g.user_id, k.is_playground FROM billing_generation g"
        " JOIN accounts_apikey k ON k.id = g.key_id WHERE g.id = %s",
        done["generation"],
    )
    assert row["user_id"] == alice.user_id and row["is_playground"]
    assert len(bob.answers()) == 1


def test_too_many_answers_at_once(gateway):
    carol = person(gateway)
    with Page(carol) as page:
        for _ in range(25):
            page.start("[[simulate tokens=2000 tps=20]]", chat=None)
            time.sleep(0.03)
        assert page.other("error")["code"] == 429
        page.send("run.stop", runs="all")
        wait_until(lambda: not gateway.open_holds(), "the end of all")
