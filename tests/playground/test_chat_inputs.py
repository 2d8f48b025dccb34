"""Whatever is sent, the answer says what is wrong with it; nothing of it is our failure."""

from __future__ import annotations

import pytest
from api_rows import person
from chat_rows import browser, chat, pane
from django.test import Client
from sessions import sign_in

from playground import ids

pytestmark = pytest.mark.django_db
ID = "chat-" + "a" * 22
DEEP = b'{"id": "%s", "settings": {"tools": [{"a": %s1%s}]}}'


def deep(levels):
    return DEEP % (ID.encode(), b'{"a":' * levels, b"}" * levels)


RUBBISH = {
    "no json": b"{",
    "an array": b"[]",
    "a number": b"1",
    "half a character": b'{"title": "\xff"}',
    "a lone surrogate": b'{"id": "%s", "title": "\\ud800"}' % ID.encode(),
    "infinite": b'{"id": 1e400}',
    "NaN": b'{"id": NaN}',
    "a large number": b'{"id": %s}' % (b"9" * 5000),
    "deep arrays": b"[" * 100_000,
    "deep objects": deep(100),
    "deeper objects": deep(500),
    "unknown": b'{"id": "%s", "user_id": 1}' % ID.encode(),
    "unknown and long": b'{"%s": 1}' % (b"x" * 10_000),
    "no id": b"{}",
    "empty": b"",
    "NUL id": b'{"id": "chat-\\u0000aaaaaaaaaaaaaaaaaaaaa"}',
    "id of another kind": b'{"id": "msg-aaaaaaaaaaaaaaaaaaaaaa"}',
    "title is none": b'{"id": "%s", "title": null}' % ID.encode(),
    "title too long": b'{"id": "%s", "title": "%s"}' % (ID.encode(), b"x" * 201),
}


@pytest.fixture
def page():
    return browser(person("alice"))


def post(page, body, path="/playground/chats"):
    return page.post(path, body, content_type="application/json")


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_refused_with_a_reason(page, name):
    answer = post(page, RUBBISH[name])
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == 400 and 0 < len(error["message"]) < 300


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("settings", []),
        ("settings.version", {"version": True}),
        ("settings.version", {"version": 2}),
        ("settings.system", {"system": None}),
        ("settings.tools", {"tools": ["x"]}),
        ("settings.tools", {"tools": [{}] * 129}),
        ("settings.blind", {"blind": 1}),
        ("settings.panes", {"panes": [pane(f"p{number}") for number in range(7)]}),
        ("settings.panes", {"panes": [pane(), pane()]}),
        ("settings.panes", {"panes": [{}]}),
        ("settings.panes[1].id", {"panes": [pane(), pane("p 2")]}),
        ("settings.panes[0].model", {"panes": [pane(model="x" * 129)]}),
        ("settings.panes[0].parameters", {"panes": [pane(parameters=[])]}),
        ("settings.panes[0].leaf", {"panes": [pane(leaf="chat-" + "a" * 22)]}),
        ("settings.panes[0].models", {"panes": [pane(models=[1])]}),
        ("settings.panes[0].transforms", {"panes": [pane(transforms="middle-out")]}),
    ],
)
def test_settings_of_another_shape_are_refused_by_name(page, field, settings):
    answer = page.post(
        "/playground/chats", {"id": ID, "settings": settings}, content_type="application/json"
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["metadata"] == {"field": field}


def test_settings_that_a_newer_page_adds_are_kept(page):
    settings = {"later": [1], "panes": [pane(later={"x": None})]}
    made = post(page, b'{"id": "%s"}' % ID.encode())
    assert made.status_code == 201
    path = f"/playground/chats/{ID}"
    assert page.post(path, {"settings": settings}, content_type="application/json")
    assert page.get(path).json()["chat"]["settings"] == settings


def test_settings_have_a_size(page):
    body = {"id": ID, "settings": {"system": "x" * 64 * 1024}}
    answer = page.post("/playground/chats", body, content_type="application/json")
    assert answer.status_code == 413
    assert answer.json()["error"]["metadata"] == {"field": "settings"}
    answer = post(page, b'{"id": "%s"}' % (b"x" * 300_000))
    assert answer.status_code == 413


def test_title_may_have_any_script(page):
    title = "ünï 🐇 עברית \u202e"
    made = page.post(
        "/playground/chats", {"id": ID, "title": title}, content_type="application/json"
    )
    assert made.json()["chat"]["title"] == title


def test_only_json_is_read(page):
    for media_type in ("text/plain", "multipart/form-data; boundary=x", "image/png"):
        answer = page.post("/playground/chats", b"{}", content_type=media_type)
        assert answer.status_code == 400, media_type


def test_methods_that_are_not_there_are_named():
    alice = person("alice")
    page = browser(alice)
    row = chat(alice)
    for path in ("delete", "restore", "shares"):
        answer = page.get(f"/playground/chats/{row.pk}/{path}")
        assert (answer.status_code, answer["Allow"]) == (405, "POST, OPTIONS")
    assert page.put("/playground/chats").status_code == 405
    assert page.head("/playground/chats").status_code == 200


def test_signed_out_is_told_so_in_json():
    answer = browser().get("/playground/chats")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == 401
    assert answer["Cache-Control"] == "no-store"


def test_script_without_a_token_is_refused_in_json():
    client = Client(enforce_csrf_checks=True)
    sign_in(client, person("alice"))
    for media_type in ("application/json", "image/png"):
        answer = client.post("/playground/chats", b"{}", content_type=media_type)
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == 403
    form = client.post("/playground/shares/x/revoke", {})
    assert (form.status_code, form["Content-Type"]) == (403, "text/html; charset=utf-8")


@pytest.mark.parametrize("id", ["x", "chat-", "chat-" + "a" * 23, "chat-%00" + "a" * 21, "%ff"])
def test_ids_that_no_chat_can_have_are_not_there(page, id):
    missing = page.get(f"/playground/chats/{ids.new('chat')}")
    answer = page.get(f"/playground/chats/{id}")
    assert (answer.status_code, answer.json()) == (404, missing.json())
