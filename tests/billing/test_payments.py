"""Checkouts and webhooks: credits come once, whatever happens to the events on their way."""

from __future__ import annotations

import hmac
import time
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from ledger_rows import DOLLAR
from payment_till import SECRET, Till, balance, clearing_nano, moved, poor, signed, state

from billing import verify
from billing.models import Checkout, Transfer, WebhookEvent
from billing.payments import checkout, reconcile, stripe_client, webhook
from billing.payments.money import Mode, mode, quote
from openrouter_site.database import orm_connection

SLOW = "000123456789"
PATIENT = reconcile.timedelta(seconds=-1)


@pytest.fixture
def till(books, fast_simulator, settings):
    return Till(fast_simulator, settings)


@pytest.fixture
def alice(till):
    return poor()


def in_threads(count, work):
    def one(number):
        with orm_connection():
            return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_a_paid_checkout_is_credited_once(till, alice):
    row = till.begin(alice)
    assert (row.state, row.url != "") == ("pending", True)
    till.pay(row)
    assert state(row) == "pending"
    assert till.deliver_all().count("done") == 1
    assert balance(alice) == 10 * DOLLAR
    assert till.deliver_all().count("repeated") == 3
    assert moved(row.id) == [("top_up", "stripe_clearing", alice.account_id, 10 * DOLLAR)]
    row.refresh_from_db()
    assert row.receipt_url.startswith("https://") and row.paid_at is not None
    assert clearing_nano() == till.stripe_side_nano()


def test_the_fee_is_shown_paid_on_top_and_moved_apart(till, alice):
    till.settings.PAYMENT_FEE_PPM, till.settings.PAYMENT_FEE_FIXED_CENTS = 55_000, 30
    row = till.bought(alice)
    assert row.fee_nano == quote(10 * DOLLAR).fee_nano == 850_000_000
    assert till.stripe.api.checkout.sessions.retrieve(row.session_id).amount_total == 1085
    assert balance(alice) == 10 * DOLLAR
    assert clearing_nano("fees") == -850_000_000
    assert clearing_nano() == till.stripe_side_nano()


@pytest.mark.parametrize(
    ("cents", "ppm", "fixed", "fee"),
    [(500, 0, 0, 0), (1000, 55_000, 0, 55), (1001, 50_000, 0, 50), (1010, 50_000, 0, 51),
     (500, 29_000, 30, 45)],
)  # fmt: skip
def test_fees_are_rounded_half_up_to_a_cent(settings, cents, ppm, fixed, fee):
    settings.PAYMENT_FEE_PPM, settings.PAYMENT_FEE_FIXED_CENTS = ppm, fixed
    assert quote(cents * 10_000_000).fee_nano == fee * 10_000_000


def test_fifty_parallel_copies_of_an_event_credit_once(till, alice):
    row = till.pay(till.begin(alice))
    (event,) = till.events("checkout.session.completed")
    outcomes = in_threads(50, lambda _: till.deliver(event))
    assert set(outcomes) <= {"done", "repeated"}
    assert balance(alice) == 10 * DOLLAR
    assert len(moved(row.id)) == 1
    assert WebhookEvent.objects.get(pk=event["id"]).state == "done"


def test_the_success_page_and_the_webhook_together_credit_once(till, alice):
    row = till.pay(till.begin(alice))
    (event,) = till.events("checkout.session.completed")

    def work(number):
        return till.deliver(event) if number % 2 else checkout.look_at(row.session_id).state

    in_threads(20, work)
    assert balance(alice) == 10 * DOLLAR
    assert len(moved(row.id)) == 1


@pytest.mark.parametrize(
    ("secret", "shift_s", "header"),
    [
        ("whsec_other", 0, None), ("whsec_till", -301, None), ("whsec_till", 302, None),
        ("whsec_till", 315_360_000, None), ("", 0, None), ("whsec_till", 0, ""),
        ("whsec_till", 0, "t=1,v1=00"), ("whsec_till", 0, "t=x"), ("whsec_till", 0, "v1=,t="),
        ("whsec_till", 0, "t=99999999999999999999,v1=ab"), ("whsec_till", 0, "\ud800"),
    ],
)  # fmt: skip
def test_forged_old_and_future_events_leave_nothing(till, alice, secret, shift_s, header):
    till.pay(till.begin(alice))
    payload = orjson.dumps(till.events("checkout.session.completed")[0])
    header = signed(payload, secret, shift_s) if header is None else header
    with pytest.raises(webhook.BadEvent):
        webhook.receive(payload, header)
    assert (Transfer.objects.count(), WebhookEvent.objects.count()) == (0, 0)


def test_an_event_near_the_edge_of_time_is_taken(till, alice):
    till.pay(till.begin(alice))
    (event,) = till.events("checkout.session.completed")
    assert till.deliver(event, shift_s=-290) == "done"
    assert till.deliver(event, shift_s=290) == "repeated"


def test_an_altered_or_unsigned_event_leaves_nothing(till, alice):
    till.pay(till.begin(alice))
    payload = orjson.dumps(till.events("checkout.session.completed")[0])
    for body, header in ((payload.replace(b"1000", b"9000"), signed(payload)), (payload, None)):
        with pytest.raises(webhook.BadEvent):
            webhook.receive(body, header)
    assert WebhookEvent.objects.count() == 0


def test_an_empty_secret_refuses_everything(till, alice):
    till.pay(till.begin(alice))
    (event,) = till.events("checkout.session.completed")
    for secret in ("", "whsec_till"):
        till.settings.STRIPE_WEBHOOK_SECRET = ""
        with pytest.raises(webhook.BadEvent):
            till.deliver(event, secret)
    assert WebhookEvent.objects.count() == 0


def signed_bytes(payload):
    """The library signs texts only."""
    now_s = int(time.time())
    mac = hmac.new(SECRET.encode(), f"{now_s}.".encode() + payload, "sha256")
    return f"t={now_s},v1={mac.hexdigest()}"


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"null", b'"x"', b'{"object":"event"}', b"\xff\xfe", b"[" * 9000,
     b'{"object":"event","id":"evt_1","type":"x","data":{"object":[]}}',
     b'{"object":"event","id":"","type":"x","data":{"object":{}}}',
     b'{"object":"event","id":7,"type":"x","data":{"object":{}}}',
     b'{"object":"event","id":"evt_1","type":"charge.dispute.created","livemode":false,'
     b'"data":{"object":{"object":"dispute","id":"du_1","amount":"7"}}}'],
)  # fmt: skip
def test_signed_nonsense_is_a_bad_event(till, payload):
    with pytest.raises(webhook.BadEvent):
        webhook.receive(payload, signed_bytes(payload))
    assert Transfer.objects.count() == 0


def test_unknown_types_and_foreign_sessions_are_ignored(till, alice):
    till.pay(till.begin(alice))
    (event,) = till.events("checkout.session.completed")
    unknown = {**event, "id": "evt_unknown", "type": "invoice.paid"}
    foreign = {**event, "id": "evt_foreign"}
    foreign["data"] = {"object": {**event["data"]["object"], "id": "cs_test_other"}}
    live = {**event, "id": "evt_live", "livemode": True}
    assert [till.deliver(each) for each in (unknown, foreign, live)] == ["ignored"] * 3
    assert Transfer.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [{"amount_total": 999}, {"amount_total": 1001}, {"currency": "jpy"}, {"mode": "subscription"},
     {"payment_intent": None}, {"livemode": True}],
)  # fmt: skip
def test_what_differs_from_what_we_stored_is_not_credited(till, alice, caplog, wrong):
    row = till.pay(till.begin(alice))
    (event,) = till.events("checkout.session.completed")
    event["data"]["object"].update(wrong)
    till.deliver(event)
    assert Transfer.objects.count() == 0
    assert state(row) == "pending"
    assert "differs" in caplog.text


@pytest.mark.parametrize("status", ["unpaid", "no_payment_required", "", "PAID"])
def test_only_what_is_paid_is_credited(till, alice, status):
    till.pay(till.begin(alice))
    (event,) = till.events("checkout.session.completed")
    event["data"]["object"]["payment_status"] = status
    till.deliver(event)
    assert Transfer.objects.count() == 0


def test_an_event_that_says_something_else_the_second_time_is_refused(till, alice):
    till.pay(till.begin(alice))
    (event,) = till.events("checkout.session.completed")
    till.deliver(event)
    event["data"]["object"]["amount_total"] = 5000
    with pytest.raises(webhook.BadEvent):
        till.deliver(event)
    assert balance(alice) == 10 * DOLLAR


@pytest.mark.parametrize("paid", [True, False])
def test_a_slow_bank_is_waited_for(till, alice, paid):
    row = till.pay(till.begin(alice), SLOW)
    till.deliver_all()
    assert state(row) == "pending"
    till.stripe.control("settle", session=row.session_id, paid=paid)
    till.deliver_all()
    assert state(row) == ("paid" if paid else "failed")


def test_an_expired_page_is_a_failed_payment(till, alice):
    row = till.begin(alice)
    till.stripe.control("expire", session=row.session_id)
    till.deliver_all()
    row.refresh_from_db()
    assert (row.state, row.failure) == ("failed", "It was not paid in time.")


def test_fifty_parallel_repeats_of_a_checkout_are_one(till, alice):
    rows = in_threads(50, lambda _: till.begin(alice, idempotency_key="k", request_sha="a"))
    assert len({(row.id, row.session_id, row.url) for row in rows}) == 1
    assert Checkout.objects.count() == 1
    assert len(till.stripe.api.checkout.sessions.list().data) == 1
    with pytest.raises(checkout.KeyReused):
        till.begin(alice, idempotency_key="k", request_sha="b")
    other = till.begin(poor("bob"), idempotency_key="k", request_sha="b")
    assert other.id != rows[0].id


def test_when_stripe_is_down_the_same_key_goes_on_later(till, alice):
    till.stripe.control("fault", path="checkout", status=500, times=3, after=True)
    with pytest.raises(stripe_client.StripeDown):
        till.begin(alice, idempotency_key="k")
    row = till.begin(alice, idempotency_key="k")
    assert row.url
    assert len(till.stripe.api.checkout.sessions.list().data) == 1


def test_what_no_event_told_is_asked_for(till, alice):
    paid, left = till.pay(till.begin(alice)), till.begin(alice)
    assert reconcile.run(PATIENT) == 2
    assert (state(paid), state(left)) == ("paid", "pending")
    assert balance(alice) == 10 * DOLLAR


def test_without_a_key_there_are_test_payments_and_in_production_none(books, settings):
    settings.STRIPE_SECRET_KEY = ""
    assert mode() is Mode.TEST
    alice = poor()
    row = checkout.begin(alice.user_id, alice.account_id, 5 * DOLLAR)
    assert (row.kind, row.state) == ("test", "pending")
    assert checkout.pay_test("pay_unknown") is None
    for _ in range(2):
        assert checkout.pay_test(row.id).state == "paid"
    assert moved(row.id) == [("test", "test_payments", alice.account_id, 5 * DOLLAR)]
    settings.PRODUCTION = True
    assert mode() is Mode.MANUAL
    assert checkout.pay_test(row.id) is None


def test_no_secret_is_logged(till, alice, caplog):
    caplog.set_level("DEBUG")
    till.bought(alice)
    till.stripe.control("fault", path="checkout", status=500, times=3)
    with pytest.raises(stripe_client.StripeDown):
        till.begin(alice)
    assert "Stripe did not open a checkout" in caplog.text
    assert till.stripe.key not in caplog.text and "whsec_till" not in caplog.text


@pytest.mark.parametrize(
    "wrong",
    [{"state": "pending"}, {"amount_nano": 9 * DOLLAR}, {"refunded_nano": 1}, {"disputed_nano": 1},
     {"fee_nano": 7}],
)  # fmt: skip
def test_the_checker_finds_a_payment_that_differs_from_its_transfers(till, alice, wrong):
    row = till.bought(alice)
    Checkout.objects.filter(pk=row.pk).update(**wrong)
    found = verify.check()
    assert {(each.invariant, each.subject) for each in found} == {("I11", row.pk)}
    Checkout.objects.filter(pk=row.pk).update(**{name: getattr(row, name) for name in wrong})


def test_the_checker_finds_a_transfer_without_its_payment(till, alice):
    row = till.bought(alice)
    Checkout.objects.filter(pk=row.pk).update(id="pay_other")
    assert {each.invariant for each in verify.check()} == {"I11"}
    Checkout.objects.filter(pk="pay_other").update(id=row.pk)
