"""The operator's pages: money and limits move with a reason, under the name of who is signed in."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from ledger_rows import DOLLAR, one_who_spent, posted, user_of

from accounts.models import ApiKey, KeyChange, User
from billing.models import Account, KeyBudget, Transfer


@pytest.fixture
def alice(books, tmp_path):
    """She has $10 less the 700 n$ of generation gen-1."""
    return one_who_spent(tmp_path, 700)


@pytest.fixture
def staff(alice, tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.com", "secret"))
    return client


def form_of(client, page):
    """The hidden idempotency key that the page has."""
    answer = client.get(page)
    assert answer.status_code == 200
    return re.search(r'name="idempotency_key" value="(\w+)"', answer.content.decode())[1]


@pytest.mark.parametrize(
    ("kind", "amount", "moved_nano", "transfer_kind"),
    [
        ("grant", "2.5", 2_500_000_000, "grant"),
        ("paid", "$3", 3 * DOLLAR, "grant"),
        ("correction", "-0.000000001", -1, "correction"),
    ],
)
def test_page_moves_money_once_under_the_name_of_who_is_signed_in(
    staff, alice, kind, amount, moved_nano, transfer_kind
):
    page = f"/admin/billing/account/{alice.account_id}/money/"
    before_nano = posted(alice)
    form = {
        "kind": kind, "amount_nano": amount, "reason": "ticket 7",
        "idempotency_key": form_of(staff, page),
    }  # fmt: skip
    for _ in range(2):
        answer = staff.post(page, form, follow=True)
        assert answer.status_code == 200
    assert "Done before, nothing changed" in answer.content.decode()
    assert posted(alice) == before_nano + moved_nano
    row = Transfer.objects.get(actor="staff@example.com")
    assert (row.kind, row.reason) == (transfer_kind, "ticket 7")


def test_page_gives_first_credits_to_who_has_no_account_yet(staff):
    bob = User.objects.create_user("bob@example.com")
    page = f"/admin/billing/account/user:{bob.pk}/money/"
    form = {"kind": "grant", "amount_nano": "1", "reason": "hello"}
    staff.post(page, form | {"idempotency_key": form_of(staff, page)})
    assert Account.objects.get(pk=f"user:{bob.pk}").posted_nano == DOLLAR
    assert page in staff.get(f"/admin/accounts/user/{bob.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": ""}, "This field is required"),
        ({"amount_nano": "ten"}, "not a decimal number"),
        ({"amount_nano": "-1"}, "must not be zero or less"),
        ({"kind": "present"}, "Select a valid choice"),
        ({"idempotency_key": "a b"}, "idempotency key"),
    ],
)
def test_page_says_what_is_wrong_and_moves_nothing(staff, alice, changed, said):
    before = Transfer.objects.count()
    form = {"kind": "grant", "amount_nano": "1", "reason": "x", "idempotency_key": "a"} | changed
    answer = staff.post(f"/admin/billing/account/{alice.account_id}/money/", form)
    assert said in answer.content.decode()
    assert Transfer.objects.count() == before


def test_page_refunds_a_generation_up_to_its_cost(staff, alice):
    page = "/admin/billing/generation/gen-1/refund/"
    assert 'value="0.0000007"' in staff.get(page).content.decode()
    form = {"amount_nano": "0.0000005", "reason": "bad answer"}
    staff.post(page, form | {"idempotency_key": form_of(staff, page)})
    answer = staff.post(page, form | {"idempotency_key": form_of(staff, page)})
    assert "$0.0000002 is left." in answer.content.decode()
    assert posted(alice) == 10 * DOLLAR - 200
    assert page in staff.get("/admin/billing/generation/gen-1/change/").content.decode()


def test_page_sets_a_limit_and_notes_who_and_why(staff, alice):
    page = f"/admin/billing/keybudget/{alice.key_id}/limit/"
    form = {"limit_nano": "0.5", "period": "weekly", "reason": "too generous"}
    staff.post(page, form)
    budget = KeyBudget.objects.get()
    assert (budget.limit_nano, budget.period) == (DOLLAR // 2, "weekly")
    change = KeyChange.objects.get()
    assert (change.actor, change.reason) == ("staff@example.com", "too generous")
    assert change.what == {"limit": [None, "0.5"], "limit_reset": ["", "weekly"]}
    key_page = staff.get(f"/admin/accounts/apikey/{alice.key_id}/change/").content.decode()
    assert page in key_page
    assert "too generous" in key_page
    staff.post(page, {"limit_nano": "", "period": "", "reason": "back"})
    assert KeyBudget.objects.get().limit_nano is None


def test_key_is_changed_in_the_admin_with_a_reason_only(staff, alice):
    page = f"/admin/accounts/apikey/{alice.key_id}/change/"
    form = {
        "name": "laptop", "disabled": "on", "expires_at_0": "", "expires_at_1": "",
        "allowed_models": '["openai/gpt-4"]', "reason": "",
        "changes-TOTAL_FORMS": "0", "changes-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert "Say why you change this key" in staff.post(page, form).content.decode()
    assert not ApiKey.objects.get(pk=alice.key_id).disabled
    assert staff.post(page, form | {"reason": "stolen"}).status_code == 302
    row = ApiKey.objects.get(pk=alice.key_id)
    assert (row.disabled, row.allowed_models) == (True, ["openai/gpt-4"])
    change = KeyChange.objects.get()
    assert (change.actor, change.reason) == ("staff@example.com", "stolen")
    assert change.what == {
        "name": ["API key", "laptop"],
        "disabled": [False, True],
        "allowed_models": [[], ["openai/gpt-4"]],
    }


def test_low_balance_is_set_in_dollars(staff, alice):
    page = f"/admin/accounts/user/{alice.user_id}/change/"
    fields = {
        "email": "alice@example.com", "low_balance_nano": "2.5", "is_active": "on",
        "default_model": "", "ignored_providers": "[]",
    }  # fmt: skip
    assert staff.post(page, fields).status_code == 302
    assert user_of(alice).low_balance_nano == 2_500_000_000
    assert 'value="2.5"' in staff.get(page).content.decode()
    assert staff.post(page, fields | {"low_balance_nano": "-1"}).status_code == 200


@pytest.mark.parametrize("page", ["account/{}/money/", "generation/gen-1/refund/",
                                  "keybudget/{}/limit/"])  # fmt: skip
def test_pages_are_for_staff_with_the_permission_only(alice, page):
    page = f"/admin/billing/{page.format(alice.key_id if 'key' in page else alice.account_id)}"
    client = Client()
    assert client.get(page).status_code == 302
    client.force_login(User.objects.create_user("bob@example.com", is_staff=True))
    assert client.get(page).status_code == 403
    assert client.post(page, {}).status_code == 403


@pytest.mark.parametrize("id", ["user:999", "user:x", "revenue", "user:" + "9" * 30])
def test_account_nobody_has_is_not_found(staff, id):
    assert staff.get(f"/admin/billing/account/{id}/money/").status_code == 404
