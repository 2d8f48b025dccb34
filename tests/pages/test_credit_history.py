"""The history of credits by month, and how dollars are read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from credit_rows import DOLLAR, NOON, PAGE, text_of, user
from django import forms

from billing.credits import account_id
from billing.models import Transfer
from pages.dollars_field import DollarsField

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return user()


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


def transfer(owner, id, dollars, **fields):
    account = account_id(owner)
    debit, credit = ("promo", account) if dollars > 0 else (account, "revenue")
    values = {"kind": "grant", "ref": account, "created_at": NOON}
    Transfer.objects.create(
        id=id, debit=debit, credit=credit, amount_nano=abs(dollars) * DOLLAR, **(values | fields)
    )


def test_history_shows_what_moved_and_why(browser, alice):
    transfer(alice, "1", 10, reason="welcome")
    transfer(alice, "2", -2, kind="correction", reason="granted twice")
    transfer(alice, "3", -1, kind="capture", ref="gen-1")
    transfer(user("bob"), "4", 7, reason="of bob")
    text = text_of(browser.get(f"{PAGE}/history", {"month": "2024-05"}))
    for words in ("Grant welcome +$10.00 $10.00", "Correction granted twice -$2.00 $8.00"):
        assert words in text
    assert "gen-1 -$1.00 $7.00" in text and "of bob" not in text
    without = text_of(browser.get(f"{PAGE}/history", {"month": "2024-05", "show": "payments"}))
    assert "welcome" in without and "gen-1" not in without


def test_months_lead_to_each_other_where_there_is_something(browser, alice):
    transfer(alice, "1", 10)
    page = browser.get(f"{PAGE}/history", {"month": "2024-06"}).content.decode()
    assert "month=2024-05" in page and "month=2024-07" in page
    assert "month=2024-04" not in browser.get(f"{PAGE}/history?month=2024-05").content.decode()
    now = datetime.now(UTC)
    assert 'rel="next"' not in browser.get(f"{PAGE}/history").content.decode()
    assert f"{now:%B %Y}" in text_of(browser.get(f"{PAGE}/history"))


@pytest.mark.parametrize("month", ["2024-13", "x", "0001-01", "\0", "2024-5"])
def test_months_that_are_none_are_not_found(browser, month):
    for path in ("/history", "/statement"):
        assert browser.get(f"{PAGE}{path}", {"month": month}).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999"])
def test_pages_that_are_not_there_are_one_that_is(browser, alice, page):
    transfer(alice, "1", 10, reason="welcome")
    asked = {"month": "2024-05", "page": page}
    assert "welcome" in text_of(browser.get(f"{PAGE}/history", asked))
    assert browser.get(f"{PAGE}/payments", {"page": page}).status_code == 200


# --- Dollars -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("10", 10 * DOLLAR),
        ("$10.50", 10_500_000_000),
        (" 1,000.25 ", 1_000_250_000_000),
        ("", None),
    ],
)
def test_dollars_are_read_as_people_write_them(text, nano):
    field = DollarsField(DOLLAR, 10_000 * DOLLAR, required=False)
    assert field.clean(text) == nano


@pytest.mark.parametrize("text", ["10,50", "1,00", "0.99", "10.005", "$-1", "1 000", "ten"])
def test_what_is_not_dollars_is_refused(text):
    with pytest.raises(forms.ValidationError, match="whole cents"):
        DollarsField(DOLLAR, 10_000 * DOLLAR).clean(text)
