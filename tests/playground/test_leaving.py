"""Who leaves takes all of it along, and leaves nothing behind."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from api_rows import person
from chat_rows import answer, browser, chat, message, picture, png
from django.apps import apps
from django.utils import timezone

from billing import closing, personal_data
from playground import ids, preferences, shares, votes
from playground.models import Attachment, Chat

pytestmark = pytest.mark.django_db


def everything_of(name):
    """A trace in every table of the Playground."""
    user = person(name)
    row = chat(user, f"{name}'s chat")
    said = answer(row, message(row, f"{name} asks"), f"{name} is answered", cost_nano=5)
    answer(row, said, "And on")
    picture(user, row)
    picture(user)
    chat(user, f"{name}'s deleted", deleted_at=timezone.now())
    preferences.change(user.pk, {"favourites": ["x/y"], "settings": {"system": f"of {name}"}})
    votes.cast(user.pk, ids.new("vote"), ["x/y", "a/b"], "best", "x/y")
    return user, shares.create(row, "")


def exported(user):
    raw = b"".join(personal_data.pieces(user))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lines(raw):
    return [json.loads(line) for line in raw.decode().splitlines()]


def counted():
    models = apps.get_app_config("playground").get_models()
    return {model.__name__: model._base_manager.count() for model in models}


def test_export_holds_all_that_is_kept():
    alice, link = everything_of("alice")
    files = exported(alice)
    assert b"playground/" in files["README.txt"]
    by_title = {each["chat"]["title"]: each for each in lines(files["playground/chats.jsonl"])}
    assert set(by_title) == {"alice's chat", "alice's deleted"}
    said = [each["message"]["content"] for each in by_title["alice's chat"]["messages"]]
    assert said == ["alice asks", "alice is answered", "And on"]
    assert json.loads(files["playground/preferences.json"])["settings"] == {"system": "of alice"}
    assert [each["token"] for each in lines(files["playground/links.jsonl"])] == [link.pk]
    assert lines(files["playground/votes.jsonl"])[0]["best"] == "x/y"
    pictures = [content for name, content in files.items() if name.endswith(".png")]
    assert pictures == [png(), png()]


def test_export_holds_nothing_of_anybody_else():
    alice, _ = everything_of("alice")
    bob, link = everything_of("bob")
    everything = b"\n".join(exported(alice).values())
    assert b"bob" not in everything and link.pk.encode() not in everything


def test_export_goes_on_past_what_cannot_be_decrypted():
    alice, _ = everything_of("alice")
    Attachment.objects.update(encrypted="?")
    Chat.objects.update(encrypted="?")
    assert len(lines(exported(alice)["playground/chats.jsonl"])) == 2


def test_nothing_remains_of_who_leaves_and_all_of_the_others():
    bob, of_bob = everything_of("bob")
    before = counted()
    alice, of_alice = everything_of("alice")
    assert all(count == 2 * before[name] > 0 for name, count in counted().items())
    closing.close(alice)
    assert counted() == before
    assert browser().get(f"/s/{of_alice.pk}").status_code == 404
    assert browser().get(f"/s/{of_bob.pk}").status_code == 200
    assert Chat.objects.filter(user=bob).count() == 2
