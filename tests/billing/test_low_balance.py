"""The low-balance e-mail: once for each time the credits fall below the threshold."""

from __future__ import annotations

import threading

import pytest
from django.core import mail
from ledger_rows import DOLLAR, person

from accounts.models import User
from billing import tasks
from billing.credits import grant
from billing.operator import correct
from openrouter_site import database

pytestmark = pytest.mark.usefixtures("books")
look = tasks.look_for_low_balances


@pytest.fixture(autouse=True)
def five_dollars(settings):
    settings.LOW_BALANCE_NANO = 5 * DOLLAR


def spend(alice, amount_nano, why):
    user = User.objects.get(pk=alice.user_id)
    correct(user, -amount_nano, reason=why, actor="test", idempotency_key=why)


def test_mail_says_what_is_left_exactly(settings):
    alice = person(credits_nano=10 * DOLLAR)
    look()
    spend(alice, 5_000_000_001, "first")
    look()
    (sent,) = mail.outbox
    assert sent.to == ["alice@example.com"]
    assert sent.subject == "Your credits are below $5"
    assert "are down to $4.999999999, which is below $5." in sent.body
    assert f"{settings.SITE_URL}/settings/credits" in sent.body
    assert sent.alternatives == []


def test_one_mail_for_each_crossing():
    alice = person(credits_nano=10 * DOLLAR)
    user = User.objects.get(pk=alice.user_id)
    look()
    for number, (moved, mails) in enumerate(
        ((-5, 0), (-1, 1), (-1, 1), (1, 1), (2, 1), (-2, 2), (-5, 2), (9, 2), (-9, 3))
    ):
        if moved > 0:
            grant(user, moved * DOLLAR, "more")
        else:
            spend(alice, -moved * DOLLAR, f"spent {number}".replace(" ", "-"))
        look()
        look()
        assert len(mail.outbox) == mails, number


def test_new_account_without_credits_is_told_nothing():
    person(credits_nano=0)
    person("bob", credits_nano=DOLLAR)
    look()
    look()
    assert mail.outbox == []


@pytest.mark.parametrize(("own_nano", "mails"), [(None, 1), (0, 0), (3 * DOLLAR, 0)])
def test_own_threshold_comes_before_the_setting(own_nano, mails):
    alice = person(credits_nano=10 * DOLLAR)
    User.objects.update(low_balance_nano=own_nano)
    look()
    spend(alice, 6 * DOLLAR, "first")
    look()
    assert len(mail.outbox) == mails


def test_own_threshold_works_without_the_setting(settings):
    settings.LOW_BALANCE_NANO = 0
    alice = person(credits_nano=10 * DOLLAR)
    look()
    User.objects.update(low_balance_nano=10 * DOLLAR)
    look()
    spend(alice, 1, "first")
    look()
    assert len(mail.outbox) == 1


def test_three_tasks_at_once_send_one_mail():
    alice = person(credits_nano=10 * DOLLAR)
    look()
    spend(alice, 6 * DOLLAR, "first")
    threads = [threading.Thread(target=_look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail.outbox) == 1


def _look():
    with database.orm_connection():
        look()


def test_mail_that_could_not_be_sent_is_sent_by_the_next_look(settings, caplog):
    alice = person(credits_nano=10 * DOLLAR)
    look()
    spend(alice, 6 * DOLLAR, "first")
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    look()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    settings.EMAIL_BACKEND = working
    look()
    assert len(mail.outbox) == 1
