"""What goes by itself, and what stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from api_rows import person
from chat_rows import answer, chat, message, picture
from django.utils import timezone

from openrouter_site.celery import BEAT_TABLE
from playground import preferences, retention, tasks
from playground.models import Attachment, Chat, Message

pytestmark = pytest.mark.django_db


def ago(**span):
    return timezone.now() - timedelta(**span)


def test_deleted_chats_go_with_all_they_have_after_the_time_for_undo():
    alice = person("alice")
    gone, undoable, used = (
        chat(alice, deleted_at=at) for at in (ago(minutes=11), ago(minutes=9), None)
    )
    answer(gone, message(gone))
    picture(alice, gone)
    assert retention.prune_deleted() == 1
    assert set(Chat.objects.values_list("pk", flat=True)) == {undoable.pk, used.pk}
    assert not Message.objects.exists() and not Attachment.objects.exists()
    assert retention.prune_deleted() == 0


def test_many_go_in_pieces(monkeypatch):
    monkeypatch.setattr("playground.retention._ROWS_AT_ONCE", 2)
    alice = person("alice")
    for _ in range(5):
        chat(alice, deleted_at=ago(hours=1))
    assert retention.prune_deleted() == 5


def test_old_chats_go_for_those_who_want_it():
    alice, bob, charlie = map(person, ("alice", "bob", "charlie"))
    preferences.change(alice.pk, {"chat_days": 30})
    preferences.change(bob.pk, {"chat_days": 1})
    preferences.change(charlie.pk, {"chat_days": 0})
    for user in (alice, bob, charlie):
        for days in (0, 2, 40):
            chat(user, title=str(days), updated_at=ago(days=days))
    assert retention.prune_old() == 3
    left = [(user.email[:3], user.chats.count()) for user in (alice, bob, charlie)]
    assert left == [("ali", 2), ("bob", 1), ("cha", 3)]


def test_files_that_no_chat_has_go_after_a_day():
    alice = person("alice")
    sent, fresh, old = picture(alice, chat(alice)), picture(alice), picture(alice)
    Attachment.objects.filter(pk__in=[sent.pk, old.pk]).update(created_at=ago(hours=25))
    assert retention.prune_files() == 1
    assert set(Attachment.objects.values_list("pk", flat=True)) == {sent.pk, fresh.pk}


def test_the_clock_knows_the_tasks():
    wanted = {tasks.prune_deleted_chats.name, tasks.prune_old_chats.name}
    assert wanted <= {entry["task"] for entry in BEAT_TABLE.values()}
    tasks.prune_deleted_chats()
    tasks.prune_old_chats()
