"""3D objects made in the Playground."""

from __future__ import annotations

import base64
import http.client

import pytest
from gateway_process import unique
from playground_client import SHAP_E, Page, new_id

pytestmark = pytest.mark.database


def make(page, prompt="a chair", run=None, **fields):
    run = run or new_id()
    body = {"model": SHAP_E, "prompt": prompt, **fields.pop("body", {})}
    command = {
        "run": run, "chat": page.person.chat, "pane": "p1", "parent": None,
        "question": {"id": new_id(), "content": prompt}, "body": body, **fields,
    }  # fmt: skip
    page.send("objects.start", **command)
    return run


def get(gateway, path, session):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    connection.request("GET", path, headers={"Cookie": f"sessionid={session}"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body, answer.headers


def test_objects_are_kept_as_files(gateway, alice):
    with Page(alice) as page:
        run = make(page, body={"num_outputs": 2})
        answer = page.done(run)
    done = answer.done
    assert (done["state"], done["cost"], done["model"]) == ("done", "0.02", SHAP_E)
    assert len(done["objects"]) == 2
    for made in done["objects"]:
        file_id = made["url"].removeprefix("/playground/files/")
        data = base64.b64decode(gateway.desk("file", file_id=file_id)["data"])
        assert data.startswith(b"ply\n") and len(data) == made["size_bytes"]
    assert alice.row(run)["figures"]["objects"] == done["objects"]
    assert alice.row(run)["cost_nano"] == 20_000_000


def test_objects_of_a_temporary_chat_are_in_memory(gateway, alice, bob):
    with Page(alice) as page:
        (made,) = page.done(make(page, chat=None)).done["objects"]
    assert (
        gateway.sql("SELECT id FROM playground_attachment WHERE user_id = %s", alice.user_id) == []
    )
    status, data, headers = get(gateway, made["url"], alice.session)
    assert status == 200 and data.startswith(b"ply\n") and len(data) == made["size_bytes"]
    assert headers["content-type"] == "model/ply"
    assert headers["x-content-type-options"] == "nosniff"
    assert get(gateway, made["url"], bob.session)[0] == 404
    assert get(gateway, made["url"], "")[0] == 401
    for path in ("x/0", f"{new_id()}/0", "../files/x", f"{new_id()}/999"):
        assert get(gateway, f"/playground/objects/{path}", alice.session)[0] == 404


def test_what_is_refused(gateway, alice):
    with Page(alice) as page:
        done = page.done(make(page, body={"num_outputs": 99})).done
        assert (done["state"], done["error"]["code"], done["cost"]) == ("failed", 400, "0")
        done = page.done(make(page, body={"model": "openai/gpt-4"})).done
        assert (done["state"], done["error"]["code"]) == ("failed", 400)
    assert "objects" not in done


def test_who_stops_pays_and_gets_it_all_the_same(gateway, alice):
    gate = unique("gate")
    with Page(alice) as page:
        run = make(page, f"a chair [[simulate gate={gate}]]")
        page.until(lambda: page.answer(run).routes, "the attempt")
        page.send("run.stop", runs=[run])
        page.send("ping")
        page.other("pong")
        gateway.open_gate(gate)
        done = page.done(run).done
    assert (done["state"], done["cancelled"], done["cost"]) == ("stopped", False, "0.01")
    assert len(done["objects"]) == 1
