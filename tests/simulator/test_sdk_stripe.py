"""The simulated Stripe, driven by Stripe's own library."""

from __future__ import annotations

import http.server
import threading
import time
import urllib.parse

import pytest
import stripe
from stripe_account import GOOD, StripeAccount, new_key

DECLINED, SLOW = "4000000000000002", "000123456789"


@pytest.fixture
def world(simulator):
    return StripeAccount(simulator, new_key())


def test_a_session_is_paid_on_its_page(world):
    session = world.session(cents=1234)
    assert (session.status, session.payment_status) == ("open", "unpaid")
    status, page, _ = world._request("GET", urllib.parse.urlsplit(session.url).path)
    assert status == 200 and b"$12.34" in page and b"Credits" in page
    status, _, headers = world.pay(session)
    assert (status, headers["location"]) == (303, f"http://shop/ok?session_id={session.id}")
    found = world.api.checkout.sessions.retrieve(session.id)
    assert (found.status, found.payment_status, found.amount_total) == ("complete", "paid", 1234)
    intent = world.api.payment_intents.retrieve(
        found.payment_intent, params={"expand": ["latest_charge"]}
    )
    assert (intent.status, intent.metadata["payment"]) == ("succeeded", "pay_1")
    assert intent.latest_charge.receipt_url.startswith("https://")
    assert world.types() == [
        "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed",
    ]  # fmt: skip
    assert world.pay(session)[0] == 402


def test_a_declined_card_leaves_the_page_open(world):
    session = world.session()
    status, page, _ = world.pay(session, DECLINED)
    assert status == 402 and b"declined" in page
    assert world.types() == ["payment_intent.payment_failed"]
    assert world.pay(session)[0] == 303


@pytest.mark.parametrize("paid", [True, False])
def test_a_slow_bank_answers_later(world, paid):
    session = world.paid(SLOW)
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    world.control("settle", session=session.id, paid=paid)
    found = world.api.checkout.sessions.retrieve(session.id)
    assert found.payment_status == ("paid" if paid else "unpaid")
    assert world.types()[-1].endswith("_succeeded" if paid else "_failed")


def test_an_expired_session_cannot_be_paid(world):
    session = world.session()
    world.api.checkout.sessions.expire(session.id)
    assert world.pay(session)[0] == 402
    assert world.types() == ["checkout.session.expired"]


def test_an_idempotency_key_has_one_answer(world):
    first, second = world.session(key="k1"), world.session(key="k1")
    assert first.id == second.id
    with pytest.raises(stripe.IdempotencyError):
        world.session(cents=2000, key="k1")


def test_unknown_parameters_objects_and_keys_are_refused(world, simulator):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.session(colour="red")
    assert refused.value.code == "parameter_unknown"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.api.checkout.sessions.retrieve("cs_test_nothing")
    assert refused.value.code == "resource_missing"
    for limit in ("many", "0", "101"):
        with pytest.raises(stripe.InvalidRequestError):
            world.api.refunds.list({"limit": limit})
    with pytest.raises(stripe.AuthenticationError):
        StripeAccount(simulator, "nonsense").session()


def test_accounts_do_not_see_each_other(world, simulator):
    session = world.session()
    bob = StripeAccount(simulator, new_key())
    with pytest.raises(stripe.InvalidRequestError):
        bob.api.checkout.sessions.retrieve(session.id)


def test_refunds_stop_at_what_was_paid(world):
    intent = world.paid(cents=1000).payment_intent
    refund = world.api.refunds.create(
        params={"payment_intent": intent, "amount": 400, "metadata": {"refund": "ref_1"}}
    )
    assert (refund.status, refund.amount, refund.metadata["refund"]) == ("succeeded", 400, "ref_1")
    with pytest.raises(stripe.InvalidRequestError):
        world.api.refunds.create(params={"payment_intent": intent, "amount": 601})
    world.api.refunds.create(params={"payment_intent": intent})
    charge = world.api.charges.list(params={"payment_intent": intent}).data[0]
    assert (charge.amount_refunded, charge.refunded) == (1000, True)
    assert len(world.api.refunds.list(params={"payment_intent": intent}).data) == 2
    moved = world.api.balance_transactions.list(params={"limit": 100}).data
    assert sum(row.amount for row in moved) == 0


def test_a_refund_may_fail_after_it_succeeded(world):
    intent = world.paid("4000000000005126").payment_intent
    refund = world.api.refunds.create(params={"payment_intent": intent})
    assert world.api.refunds.retrieve(refund.id).status == "failed"
    assert "refund.failed" in world.types()


def test_disputes_open_and_close(world):
    intent = world.paid("4000000000000259").payment_intent
    (dispute,) = world.api.disputes.list(params={"payment_intent": intent}).data
    assert dispute.status == "needs_response"
    assert world.control("close", dispute=dispute.id, status="won")["status"] == "won"
    assert world.types()[-1] == "charge.dispute.closed"


def saved(world, card):
    session = world.paid(
        card, customer_creation="always",
        payment_intent_data={"setup_future_usage": "off_session", "metadata": {}},
    )  # fmt: skip
    method = world.api.payment_methods.list(params={"customer": session.customer}).data[0]
    return {
        "customer": session.customer, "payment_method": method.id, "off_session": True,
        "confirm": True, "amount": 500, "currency": "usd",
    }  # fmt: skip


def test_a_saved_card_pays_with_nobody_there(world):
    intent = world.api.payment_intents.create(params=saved(world, GOOD))
    assert intent.status == "succeeded"


@pytest.mark.parametrize(
    ("card", "code"),
    [("4000000000000341", "card_declined"), ("4000002500003155", "authentication_required")],
)
def test_a_saved_card_may_be_declined(world, card, code):
    with pytest.raises(stripe.CardError) as declined:
        world.api.payment_intents.create(params=saved(world, card))
    assert declined.value.code == code


def test_scripted_failures_come_before_or_after_the_deed(world):
    world.control("fault", path="checkout/sessions", status=500, times=1)
    world.control("fault", path="checkout/sessions", status=503, times=1, after=True)
    with pytest.raises(stripe.APIError):
        world.session()
    assert world.api.checkout.sessions.list().data == []
    with pytest.raises(stripe.APIError):
        world.session(key="k")
    (made,) = world.api.checkout.sessions.list().data
    assert world.session(key="k").id == made.id


@pytest.fixture
def hook():
    """A server that refuses the first delivery, and keeps what it got."""
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append((body, self.headers["stripe-signature"]))
            self.send_response(500 if len(received) == 1 else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_events_are_signed_and_sent_until_accepted(world, hook):
    url, received = hook
    secret = world.api.webhook_endpoints.create(
        params={"url": url, "enabled_events": ["checkout.session.completed"]}
    ).secret
    session = world.paid()
    until = time.monotonic() + 10
    while len(received) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    for payload, header in received:
        event = stripe.Webhook.construct_event(payload, header, secret)
        assert event.data.object.id == session.id
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload + b" ", header, secret)
