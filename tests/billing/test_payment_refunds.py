"""Money back: only unspent credits, once, and never without Stripe."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from ledger_rows import DOLLAR, admit
from payment_till import Till, balance, clearing_nano, is_frozen, poor

from accounts.models import User
from billing.models import PaymentRefund
from billing.payments import checkout, disputes, reconcile, refunds
from billing.payments.ledger import NotRefundable
from billing.refusals import AccountFrozen, InsufficientCredits
from billing.writer import run_now
from openrouter_site.database import orm_connection

LOST, PENDING, DISPUTED = "4000000000005126", "4000000000007726", "4000000000000259"
NOW = reconcile.timedelta(seconds=-1)


@pytest.fixture
def till(books, fast_simulator, settings):
    return Till(fast_simulator, settings)


@pytest.fixture
def alice(till):
    return poor()


def refund_state(refund):
    return PaymentRefund.objects.get(pk=refund.pk).state


def test_unspent_credits_go_back(till, alice):
    row = till.bought(alice)
    refund = refunds.begin(row, 4 * DOLLAR)
    assert (refund.state, balance(alice)) == ("succeeded", 6 * DOLLAR)
    till.deliver_all()
    assert balance(alice) == 6 * DOLLAR
    assert clearing_nano() == till.stripe_side_nano() == 6 * DOLLAR
    refunds.begin(row, 6 * DOLLAR)
    assert balance(alice) == 0
    with pytest.raises(NotRefundable):
        refunds.begin(row, 10_000_000)


def test_the_fee_is_kept(till, alice):
    till.settings.PAYMENT_FEE_FIXED_CENTS = 100
    row = till.bought(alice)
    refunds.begin(row, 10 * DOLLAR)
    assert (balance(alice), clearing_nano("fees")) == (0, -DOLLAR)
    assert clearing_nano() == till.stripe_side_nano() == DOLLAR


def test_what_is_spent_or_held_is_not_refunded(till, alice):
    row = till.bought(alice)
    run_now(admit(alice, 3 * DOLLAR, id="gen-held"))
    with pytest.raises(InsufficientCredits):
        refunds.begin(row, 8 * DOLLAR)
    assert refunds.begin(row, 7 * DOLLAR).state == "succeeded"
    assert PaymentRefund.objects.count() == 1


def test_unpaid_and_test_payments_are_not_refunded(till, alice):
    with pytest.raises(NotRefundable):
        refunds.begin(till.begin(alice), DOLLAR)
    till.settings.STRIPE_SECRET_KEY = ""
    row = till.begin(alice)
    checkout.pay_test(row.id)
    with pytest.raises(NotRefundable):
        refunds.begin(row, DOLLAR)


def test_a_frozen_account_gets_nothing_back(till, alice):
    row = till.bought(alice)
    disputes.freeze(alice.account_id)
    with pytest.raises(AccountFrozen):
        refunds.begin(row, DOLLAR)


def test_fifty_parallel_repeats_are_one_refund(till, alice):
    row = till.bought(alice)

    def work(_):
        with orm_connection():
            return refunds.begin(row, 4 * DOLLAR, idempotency_key="k", request_sha="a").pk

    with ThreadPoolExecutor(50) as pool:
        assert len(set(pool.map(work, range(50)))) == 1
    assert balance(alice) == 6 * DOLLAR
    assert len(till.stripe.api.refunds.list().data) == 1
    with pytest.raises(checkout.KeyReused):
        refunds.begin(row, DOLLAR, idempotency_key="k", request_sha="b")


def test_parallel_refunds_never_take_more_than_there_is(till, alice):
    row = till.bought(alice)

    def work(_):
        with orm_connection():
            try:
                return refunds.begin(row, 3 * DOLLAR).state
            except NotRefundable:
                return "no"

    with ThreadPoolExecutor(10) as pool:
        states = list(pool.map(work, range(10)))
    assert states.count("succeeded") == 3
    assert balance(alice) == DOLLAR


def test_what_stripe_refuses_comes_back(till, alice):
    row = till.bought(alice)
    till.stripe.control("dispute", payment_intent=row.payment_intent_id)
    refund = refunds.begin(row, 4 * DOLLAR)
    assert (refund.state, refund.failure) == ("failed", "charge_disputed")
    assert balance(alice) == 10 * DOLLAR


@pytest.mark.parametrize("after", [True, False])
def test_without_an_answer_it_stays_debited_and_is_done_once(till, alice, after):
    row = till.bought(alice)
    till.stripe.control("fault", path="refunds", status=500, times=3, after=after)
    refund = refunds.begin(row, 4 * DOLLAR)
    assert (refund.state, balance(alice)) == ("pending", 6 * DOLLAR)
    till.stripe.control("forget")
    for _ in range(2):
        reconcile.run(NOW)
    assert (refund_state(refund), balance(alice)) == ("succeeded", 6 * DOLLAR)
    assert len(till.stripe.api.refunds.list().data) == 1


def test_a_refund_that_fails_later_comes_back(till, alice):
    row = till.bought(alice, card=LOST)
    refund = refunds.begin(row, 4 * DOLLAR)
    till.deliver_all()
    assert (refund_state(refund), balance(alice)) == ("failed", 10 * DOLLAR)
    assert clearing_nano() == till.stripe_side_nano()


def test_a_slow_refund_is_pending_until_stripe_says_more(till, alice):
    row = till.bought(alice, card=PENDING)
    refund = refunds.begin(row, 4 * DOLLAR)
    assert refund.state == "pending"
    till.stripe.control("settle", refund=refund.stripe_refund_id, paid=True)
    till.deliver_all()
    assert (refund_state(refund), balance(alice)) == ("succeeded", 6 * DOLLAR)


def test_a_refund_made_at_stripe_is_debited_spent_or_not(till, alice):
    till.settings.PAYMENT_FEE_FIXED_CENTS = 100
    row = till.bought(alice)
    refunds.begin(row, 8 * DOLLAR)
    till.stripe.api.refunds.create(params={"payment_intent": row.payment_intent_id})
    till.deliver_all()
    row.refresh_from_db()
    assert balance(alice) == 2 * DOLLAR - 3 * DOLLAR * 10 // 11
    assert clearing_nano() == till.stripe_side_nano() == 0


def test_a_refund_that_comes_before_its_payment_finds_it_credited(till, alice):
    row = till.pay(till.begin(alice))
    intent = till.stripe.api.checkout.sessions.retrieve(row.session_id).payment_intent
    till.stripe.api.refunds.create(params={"payment_intent": intent, "amount": 300})
    for event in reversed(till.events()):
        till.deliver(event)
    assert balance(alice) == 7 * DOLLAR


# --- Disputes ----------------------------------------------------------------------------------


def close(till, status, number=0):
    dispute = till.stripe.api.disputes.list().data[number]
    till.stripe.control("close", dispute=dispute.id, status=status)
    till.deliver_all()


def test_a_dispute_debits_and_freezes_and_a_won_one_gives_back(till, alice):
    till.bought(alice, card=DISPUTED)
    assert (balance(alice), is_frozen(alice)) == (0, True)
    with pytest.raises(AccountFrozen):
        run_now(admit(alice, DOLLAR))
    close(till, "won")
    assert (balance(alice), is_frozen(alice)) == (10 * DOLLAR, False)
    assert clearing_nano() == till.stripe_side_nano()


def test_a_lost_one_stays_debited_until_the_operator_unfreezes(till, alice):
    till.bought(alice, card=DISPUTED)
    close(till, "lost")
    assert (balance(alice), is_frozen(alice)) == (0, True)
    assert disputes.unfreeze(alice.account_id) is True
    till.deliver_all()
    assert (balance(alice), is_frozen(alice)) == (0, False)
    assert disputes.unfreeze(alice.account_id) is False


def test_an_account_stays_frozen_while_another_dispute_is_open(till, alice):
    for _ in range(2):
        till.bought(alice, card=DISPUTED)
    close(till, "won", number=0)
    assert (balance(alice), is_frozen(alice)) == (10 * DOLLAR, True)
    close(till, "won", number=1)
    assert (balance(alice), is_frozen(alice)) == (20 * DOLLAR, False)


def test_an_inquiry_takes_nothing(till, alice):
    till.bought(alice, card=DISPUTED)
    bob = poor("bob")
    row = till.bought(bob)
    till.stripe.control("dispute", payment_intent=row.payment_intent_id)
    events = [each for each in till.events("charge.dispute") if each["data"]["object"]
              ["payment_intent"] == row.payment_intent_id]  # fmt: skip
    events[0]["data"]["object"]["status"] = "warning_needs_response"
    assert till.deliver(events[0]) == "ignored"
    assert (balance(bob), is_frozen(bob)) == (10 * DOLLAR, False)


def test_an_operator_freezes_and_lets_go_by_command(till, alice, capsys):
    till.bought(alice)
    for arguments, frozen in (([], True), (["--undo"], False)):
        call_command("freeze_account", "--email", "alice@example.com", *arguments)
        assert is_frozen(alice) is frozen
    assert "goes on" in capsys.readouterr().out


def test_payments_are_shown_to_staff_and_not_changed(till, alice, client):
    till.bought(alice, card=DISPUTED)
    client.force_login(User.objects.create_superuser("root@example.com", "secret"))
    for name in ("checkout", "paymentrefund", "paymentdispute", "autotopup", "webhookevent"):
        page = client.get(f"/admin/billing/{name}/")
        assert page.status_code == 200
        assert client.get(f"/admin/billing/{name}/add/").status_code == 403
