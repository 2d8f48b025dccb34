"""Builders for the tests of the pages about credits."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from accounts.models import User
from billing.credits import account_id
from billing.models import Account, Checkout

DOLLAR = 1_000_000_000
PAGE = "/settings/credits"
TOKEN = "token-of-this-form"
NOON = datetime(2024, 5, 15, 12, tzinfo=UTC)


def user(name="alice", **account):
    made = User.objects.create_user(f"{name}@example.com")
    values = {"posted_nano": 10 * DOLLAR} | account
    Account.objects.create(id=account_id(made), **values)
    return made


def payment(owner, id="pay_1", **fields):
    values = {
        "kind": "checkout", "state": "paid", "amount_nano": 10 * DOLLAR, "fee_nano": DOLLAR // 2,
        "created_at": NOON, "paid_at": NOON,
    }  # fmt: skip
    return Checkout.objects.create(
        id=id, user=owner, account_id=account_id(owner), **(values | fields)
    )


def text_of(response):
    """What is read, without marks and white space."""
    body = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]+>", " ", response.content.decode())
    return " ".join(body.split())


def send(browser, amount="10", total="10", token=TOKEN, **more):
    form = {"amount": amount, "total": total, "token": token, **more}
    return browser.post(f"{PAGE}/pay", form)
