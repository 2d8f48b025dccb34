"""A till: payments against an account of the simulated Stripe, its events held back so that a test
delivers them as it likes."""

from __future__ import annotations

import time

import orjson
from ledger_rows import DOLLAR, person
from stripe_account import GOOD, StripeAccount, new_key

from billing.models import Account, Checkout, Transfer
from billing.payments import checkout, webhook

SECRET = "whsec_till"


def signed(payload, secret=SECRET, shift_s=0):
    """The header as Stripe writes it, by code that is not ours."""
    from stripe import WebhookSignature

    return WebhookSignature.generate_signature_header(
        payload.decode(), secret, int(time.time()) + shift_s
    )


class Till:
    def __init__(self, simulator, settings):
        self.stripe = StripeAccount(simulator, new_key())
        settings.STRIPE_SECRET_KEY = self.stripe.key
        settings.STRIPE_WEBHOOK_SECRET = SECRET
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{simulator.port}/stripe"
        self.settings = settings
        self.stripe.control("hold", held=True)

    def begin(self, who, dollars=10, **more):
        return checkout.begin(who.user_id, who.account_id, dollars * DOLLAR, **more)

    def pay(self, row, card=GOOD):
        """On Stripe's page; no event has come yet."""
        assert self.stripe.pay(row, card)[0] == 303
        return row

    def bought(self, who, dollars=10, card=GOOD, **more):
        """Paid and credited."""
        row = self.pay(self.begin(who, dollars, **more), card)
        self.deliver_all()
        row.refresh_from_db()
        return row

    def events(self, kind=""):
        return [event for event in self.stripe.events() if event["type"].startswith(kind)]

    def deliver(self, event, secret=SECRET, shift_s=0):
        payload = orjson.dumps(event)
        return webhook.receive(payload, signed(payload, secret, shift_s))

    def deliver_all(self):
        return [self.deliver(event) for event in self.events()]

    def stripe_side_nano(self):
        """What Stripe says came in, as nano-dollars."""
        listed = self.stripe.api.balance_transactions.list(params={"limit": 100})
        return sum(row.amount for row in listed.auto_paging_iter()) * 10_000_000


def poor(name="alice"):
    return person(name, credits_nano=0)


def balance(who):
    return Account.objects.get(pk=who.account_id).posted_nano


def is_frozen(who):
    return Account.objects.get(pk=who.account_id).frozen


def moved(ref):
    """Transfers of a payment: (id without the payment's own, debit, credit, nano)."""
    rows = Transfer.objects.filter(ref=ref).order_by("created_at", "id")
    return [(row.kind, row.debit, row.credit, row.amount_nano) for row in rows]


def clearing_nano(account="stripe_clearing"):
    """Nobody keeps this balance: it is the sum of its transfers, money that came in positive."""
    rows = Transfer.objects.all()
    out = sum(row.amount_nano for row in rows.filter(debit=account))
    return out - sum(row.amount_nano for row in rows.filter(credit=account))


def state(row):
    return Checkout.objects.get(pk=row.pk).state
