"""The rows of money in the admin: whoever may view them sees them, nobody changes them."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from ledger_rows import DOLLAR, admit, person, settle, write

from accounts.models import User
from billing.models import Account, Generation, Hold, KeyBudget, Transfer

MODELS = (Account, KeyBudget, Hold, Transfer, Generation)


@pytest.fixture
def staff(books, tmp_path, settings):
    """A superuser's browser, and a ledger with a row of each kind."""
    settings.STATIC_ROOT = tmp_path
    alice = person(credits_nano=DOLLAR)
    write(tmp_path, admit(alice, 1000, id="gen-1"), settle(alice, "gen-1", 700))
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.com", "secret"))
    return client


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_shown_and_cannot_be_changed(staff, model):
    path = f"/admin/billing/{model._meta.model_name}/"
    row = model.objects.first()
    assert staff.get(path).status_code == 200
    assert staff.get(f"{path}{row.pk}/change/", follow=True).status_code == 200
    for forbidden in ("add/", f"{row.pk}/delete/"):
        assert staff.get(path + forbidden, follow=True).status_code == 403
    assert staff.post(f"{path}{row.pk}/change/", {}, follow=True).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    staff.post(path, chosen)
    assert model.objects.filter(pk=row.pk).exists()


def test_amounts_are_shown_in_dollars(staff):
    assert b"0.0000007" in staff.get("/admin/billing/transfer/").content
    assert b"0.9999993" in staff.get("/admin/billing/account/").content


def test_every_row_of_money_is_read_only_in_the_admin(rf):
    for model in MODELS:
        registered = admin.site._registry[model]
        assert not registered.has_add_permission(rf.get("/"))
        assert not registered.has_change_permission(rf.get("/"))
        assert not registered.has_delete_permission(rf.get("/"))
