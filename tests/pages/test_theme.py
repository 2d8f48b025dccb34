from __future__ import annotations

import pytest
from django.test import Client


def test_theme_is_kept_in_a_cookie_and_written_on_the_next_page(client):
    answer = client.post("/theme", {"theme": "dark", "next": "/nothing?x=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/nothing?x=1")
    cookie = answer.cookies["theme"]
    assert (cookie.value, cookie["samesite"], cookie["httponly"]) == ("dark", "Lax", True)
    assert 'data-theme="dark"' in client.get("/nothing").content.decode()


def test_a_script_gets_no_page(client):
    assert client.post("/theme", {"theme": "light", "script": "1"}).status_code == 204


@pytest.mark.parametrize("theme", ["", "blue", "dark;x", '"><script>'])
def test_a_theme_that_is_none_is_refused(client, theme):
    answer = client.post("/theme", {"theme": theme})
    assert answer.status_code == 400
    assert b"system, light, dark" in answer.content and "theme" not in answer.cookies


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_the_way_back_stays_on_this_site(client, address):
    assert client.post("/theme", {"theme": "dark", "next": address})["Location"] == "/"


def test_theme_needs_a_form_of_ours():
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/theme", {"theme": "dark"})
    assert answer.status_code == 403
    assert "The form has expired" in answer.content.decode()
    assert client_is_told_nothing_else(answer)


def client_is_told_nothing_else(answer):
    return "theme" not in answer.cookies and answer["Cache-Control"] == "no-store"


def test_theme_is_only_posted(client):
    assert client.get("/theme").status_code == 405
