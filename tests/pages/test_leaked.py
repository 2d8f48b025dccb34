"""The form for leaked keys: who has one can end it, and learns nothing."""

from __future__ import annotations

import re

import pytest
from api_rows import person
from page_rows import browser, key_of, world

from accounts import keys
from billing import limits

pytestmark = pytest.mark.django_db
PAGE = "/leaked"


def sent(text):
    return browser().post(PAGE, {"text": text})


def status(text):
    headers = {"authorization": f"Bearer {text}"}
    return browser().get("/api/v1/key", headers=headers).status_code


def told(answer):
    return answer.status_code, re.sub(r'(nonce|content|value)="[^"]{16,}"', "", str(answer.content))


def test_key_ends_at_once_and_its_owner_is_told(mailoutbox):
    row, text = key_of(person("alice"), "ci")
    other, kept = key_of(row.user, "other")
    assert status(text) == 200
    assert "Done" in sent(f"look: {text}, oh").content.decode()
    assert (status(text), status(kept)) == (401, 200)
    row.refresh_from_db()
    assert row.deleted_at is not None
    assert row.changes.get().actor == "leaked-key form"
    (mail,) = mailoutbox
    assert mail.to == ["alice@example.com"]
    assert row.label in mail.body
    assert text not in mail.body


def test_answer_is_the_same_whatever_was_sent(mailoutbox):
    _, text = key_of(person("alice"))
    answers = [told(sent(each)) for each in (text, text, keys.mint(), "sk-or-v1-junk", "hello")]
    assert answers == answers[:1] * 5
    assert len(mailoutbox) == 1


def test_several_keys_end_and_a_member_is_told_with_the_owner(mailoutbox):
    there = world()
    _, first = keys.create(there.alice, "c", member=there.members["charlie"])
    _, second = keys.create(there.erin, "e", is_management=True)
    sent(f"{first}\n{second}")
    assert (status(first), status(second)) == (401, 401)
    assert sorted(mail.to for mail in mailoutbox) == [
        ["alice@example.com", "charlie@example.com"], ["erin@example.com"],
    ]  # fmt: skip


def test_too_much_text_is_refused_and_ends_nothing():
    _, text = key_of(person("alice"))
    answer = sent(text + "x" * 20_000)
    assert answer.status_code == 200
    assert "text" in answer.context["form"].errors
    assert status(text) == 200


def test_address_that_asks_too_often_waits(settings):
    settings.RATE_LIMIT_SURGE = 1
    limits.forget()
    _, text = key_of(person("alice"))
    while sent("hello").status_code != 429:
        pass  # a slow machine refills the window in between
    is_refused = sent(text).status_code == 429
    assert (status(text) == 200) is is_refused


def test_mail_that_cannot_be_sent_saves_no_key(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    _, text = key_of(person("alice"))
    assert sent(text).status_code == 200
    assert status(text) == 401
