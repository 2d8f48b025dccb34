"""Promo credits: once for every new account, whatever happens meanwhile."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from ledger_rows import DOLLAR

from accounts.models import User
from billing import promo, tasks
from billing.models import Account, Transfer
from openrouter_site import database

pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture(autouse=True)
def half_a_dollar(settings):
    settings.PROMO_CREDITS_NANO = DOLLAR // 2


def test_new_account_gets_them_when_it_is_committed():
    with transaction.atomic():
        alice = User.objects.create_user("alice@example.com")
        assert not Transfer.objects.exists()
    row = Transfer.objects.get()
    assert (row.id, row.debit, row.credit) == (
        f"grant:promo:{alice.pk}",
        "promo",
        f"user:{alice.pk}",
    )
    assert Account.objects.get().posted_nano == DOLLAR // 2
    alice.save()
    assert Transfer.objects.count() == 1


def test_account_made_by_signing_up_gets_them(client):
    User.objects.create_superuser("operator@example.com")
    form = {"email": "alice@example.com", "password1": "a-long-sentence-of-mine"}
    assert client.post("/accounts/signup/", form).status_code == 302
    alice = User.objects.get(email="alice@example.com")
    assert Account.objects.get(pk=f"user:{alice.pk}").posted_nano == DOLLAR // 2


def test_account_that_is_not_committed_gets_none():
    with pytest.raises(RuntimeError), transaction.atomic():
        User.objects.create_user("alice@example.com")
        raise RuntimeError
    assert not Transfer.objects.exists()


def test_without_the_setting_there_are_none(settings):
    settings.PROMO_CREDITS_NANO = 0
    User.objects.create_user("alice@example.com")
    tasks.give_promo_credits()
    assert not Transfer.objects.exists()


def test_another_amount_gives_nobody_a_second_time(settings):
    alice = User.objects.create_user("alice@example.com")
    settings.PROMO_CREDITS_NANO = 2 * DOLLAR
    assert not promo.welcome(alice)
    tasks.give_promo_credits()
    assert Account.objects.get().posted_nano == DOLLAR // 2


def test_task_makes_up_for_those_who_came_while_the_ledger_was_down(settings):
    settings.PROMO_CREDITS_NANO = 0
    alice, bob, charlie = (
        User.objects.create_user(f"{name}@example.com") for name in ("alice", "bob", "charlie")
    )
    User.objects.filter(pk=bob.pk).update(date_joined=timezone.now() - timedelta(days=2))
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    settings.PROMO_CREDITS_NANO = DOLLAR
    threads = [threading.Thread(target=_task) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Transfer.objects.get().credit == f"user:{alice.pk}"


def _task():
    with database.orm_connection():
        tasks.give_promo_credits()
