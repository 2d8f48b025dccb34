"""Nobody gets at what is another's: over every route of the Playground.

A new route fails here until it says what it is: OWN (whoever is signed in has one), PUBLIC, or a
row of OBJECTS, how something of alice's is asked for. Then bob is sent there: he must meet what
does not exist at all.
"""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from api_rows import person
from chat_rows import answer, browser, chat, message, picture
from django.urls import reverse

from playground import ids, shares
from playground.models import Attachment, Chat, Message, Share
from playground.urls import urlpatterns

pytestmark = pytest.mark.django_db

JSON_OWN = {
    "playground_chats",
    "playground_files",
    "playground_last_object",
    "playground_preferences",
    "playground_votes",
}
PAGES_OWN = {"playground", "playground_models", "playground_shared", "playground_leaderboard"}
# Whoever has the link; tests/playground/test_shares.py says who may do what with it.
PUBLIC = {"playground_share", "playground_share_file"}
# Route, of what, method (PAGE and FORM: as people go there, not scripts), body.
OBJECTS = [
    ("playground_chat", "chat", "PAGE", None),
    ("playground_chat_data", "chat", "GET", None),
    ("playground_chat_data", "chat", "POST", {"title": "taken over"}),
    ("playground_chat_delete", "chat", "POST", {}),
    ("playground_chat_restore", "deleted", "POST", {}),
    ("playground_chat_markdown", "chat", "GET", None),
    ("playground_chat_json", "chat", "GET", None),
    ("playground_chat_shares", "chat", "POST", {}),
    ("playground_share_revoke", "link", "POST", {}),
    ("playground_share_revoke", "link", "FORM", {}),
    ("playground_file", "file", "GET", None),
]
# Pages arrive one by one.
THERE = {pattern.name for pattern in urlpatterns}
OBJECTS = [row for row in OBJECTS if row[0] in THERE]
_NAMES = [f"{number}-{row[0]}" for number, row in enumerate(OBJECTS)]


class World:
    def __init__(self):
        self.alice = person("alice")
        self.chat = chat(self.alice, "alice's")
        answer(self.chat, message(self.chat))
        self.deleted = chat(self.alice)
        browser(self.alice).post(
            reverse("playground_chat_delete", args=[self.deleted.pk]), {}, "application/json"
        )
        self.file = picture(self.alice, self.chat)
        self.link = shares.create(self.chat, "")

    def id_of(self, what):
        return getattr(self, what).pk

    def seen(self):
        """All that could be changed."""
        return [
            list(model.objects.order_by("pk").values())
            for model in (Chat, Message, Attachment, Share)
        ]


def nobodys(what):
    return {"link": "a" * 32}.get(what) or ids.new("file" if what == "file" else "chat")


def send(client, name, id, method, body):
    path = reverse(name, args=[id])
    if method in {"GET", "PAGE"}:
        return client.get(path)
    return client.post(path, body, "application/json") if method == "POST" else client.post(path)


def told(answer):
    path = answer.request["PATH_INFO"]
    text = answer.content.decode().replace(path, "").replace(quote(path, ""), "")
    return answer.status_code, re.sub(r'(nonce|content|value)="[^"]{16,}"', "", text)


def test_every_route_says_whose_it_is():
    known = JSON_OWN | PAGES_OWN | PUBLIC | {name for name, *_ in OBJECTS}
    assert known >= THERE, "say whose the new ones are"


@pytest.mark.parametrize(("name", "what", "method", "body"), OBJECTS, ids=_NAMES)
def test_owner_finds_what_is_there(name, what, method, body):
    there = World()
    answer = send(browser(there.alice), name, there.id_of(what), method, body)
    assert answer.status_code in {200, 201, 302}


@pytest.mark.parametrize(("name", "what", "method", "body"), OBJECTS, ids=_NAMES)
def test_what_is_anothers_is_as_if_it_was_not_there(name, what, method, body):
    there = World()
    before = there.seen()
    bob = browser(person("bob"))
    answer = send(bob, name, there.id_of(what), method, body)
    assert answer.status_code == 404
    assert told(answer) == told(send(bob, name, nobodys(what), method, body))
    assert there.seen() == before


@pytest.mark.parametrize(("name", "what", "method", "body"), OBJECTS, ids=_NAMES)
def test_signed_out_sees_and_changes_nothing(name, what, method, body):
    there = World()
    before = there.seen()
    answer = send(browser(), name, there.id_of(what), method, body)
    assert answer.status_code == (302 if method in {"FORM", "PAGE"} else 401)
    assert there.seen() == before


@pytest.mark.parametrize("name", sorted(JSON_OWN))
def test_signed_out_has_nothing_of_their_own(name):
    for found in (browser().get(reverse(name)), browser().post(reverse(name))):
        assert found.status_code in {401, 405}


@pytest.mark.parametrize("name", sorted(PAGES_OWN & THERE))
def test_signed_out_is_sent_to_sign_in_and_comes_back(name):
    answer = browser().get(reverse(name))
    assert answer.status_code == 302
    assert f"next={quote(reverse(name))}" in answer["Location"]


def test_lists_hold_ones_own():
    there = World()
    bob = browser(person("bob"))
    assert bob.get("/playground/chats").json()["chats"] == []
    assert there.link.pk not in bob.get("/playground/shared").content.decode()
