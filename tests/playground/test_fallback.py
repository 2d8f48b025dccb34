"""Events without a socket, and the commands beside them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from playground_client import Page
from stream_client import Stream, call

pytestmark = pytest.mark.database


def test_an_answer_by_events(gateway, alice):
    with Stream(alice) as page:
        page.send("ping")
        page.other("pong")
        answer = page.done(page.start("[[simulate tokens=60 tps=200]]"))
    assert answer.text and answer.done["state"] == "done"
    assert alice.row(answer.run)["message"]["content"] == answer.text


def test_a_run_is_resumed_by_the_other_transport(alice):
    with Page(alice) as page:
        run = page.start("[[simulate tokens=150 tps=100]]")
        answer = page.text(run, 30)
    with Stream(alice) as page:
        page.resume(run, answer.seq, answer)
        assert page.done(run).text == alice.row(run)["message"]["content"]


def test_stop_by_events(alice):
    with Stream(alice) as page:
        run = page.start("[[simulate tokens=4000 tps=100]]")
        page.text(run)
        page.send("run.stop", runs=[run])
        assert page.done(run).done["state"] == "stopped"


def test_who_may_not_listen(gateway, alice):
    cookie = f"sessionid={alice.session}"
    assert call(gateway, "GET", "/playground/events")[0] == 401
    path, foreign = "/playground/events", "https://evil.example"
    assert call(gateway, "GET", path, Cookie=cookie, Origin=foreign)[0] == 403
    assert (
        call(gateway, "GET", path, **{"Cookie": cookie, "Sec-Fetch-Site": "cross-site"})[0] == 403
    )
    assert call(gateway, "POST", path, b"", Cookie=cookie)[0] == 405
    assert call(gateway, "GET", "/playground/commands", Cookie=cookie)[0] == 405


def test_who_may_not_command(gateway, alice, bob):
    ping = b'{"type":"ping"}'
    with Stream(alice) as page:
        assert page.post(ping)[0] == 202
        assert page.post(ping, Origin="https://evil.example")[0] == 403
        assert page.post(ping, Cookie="sessionid=x")[0] == 401
        assert page.post(ping, Cookie=f"sessionid={bob.session}")[0] == 404
        for name in ("", "x", "../x"):
            assert page.post(ping, **{"X-Connection": name})[0] in (400, 404)
        # With Redis it may be another process's, which nobody can tell here.
        elsewhere = page.post(ping, **{"X-Connection": f"{'0' * 32}.{'0' * 32}"})[0]
        assert elsewhere == (202 if gateway.environment.get("REDIS_URL") else 404)
        assert page.post(b"x" * (1024 * 1024 + 1))[0] == 413
        assert page.post(b"\xff")[0] == 202
        assert page.other("error")["code"] == 400
    without = {"Cookie": f"sessionid={alice.session}", "X-Connection": page.name}
    assert call(gateway, "POST", "/playground/commands", ping, **without)[0] == 403


def test_too_many_commands(alice):
    with Stream(alice) as page, ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(page.post, b'{"type":"ping"}') for _ in range(400)]
        assert {each.result()[0] for each in sent} == {202, 429}


def test_a_closed_stream_takes_no_commands(gateway, alice):
    with Stream(alice) as page:
        page.send("ping")
    for _ in range(100):
        if page.post(b'{"type":"ping"}')[0] == 404:
            break
    else:
        raise AssertionError("it still takes commands")


def test_signing_out_ends_the_stream(gateway, alice):
    with Stream(alice) as page:
        gateway.desk("sign_out", session=alice.session)
        with pytest.raises(AssertionError, match="the stream ended"):
            page.until(lambda: False, "its end", timeout=30)
