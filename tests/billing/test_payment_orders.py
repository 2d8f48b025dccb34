"""Whatever order the events of payments, refunds and disputes come in, and however often: the
ledger ends where a model ends that never heard of events."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as examples
from ledger_rows import DOLLAR
from payment_till import Till, balance, clearing_nano, is_frozen, poor

from billing import verify

NANO_PER_CENT = 10_000_000
LOST, GOOD = "4000000000005126", "4242424242424242"


@dataclass(frozen=True)
class Story:
    """One payment and what became of it at Stripe."""

    dollars: int
    refunds: tuple[int, ...]
    refunds_fail: bool
    dispute: str


stories = strategies.builds(
    Story,
    dollars=strategies.integers(5, 50),
    refunds=strategies.lists(strategies.integers(1, 200), max_size=2).map(tuple),
    refunds_fail=strategies.booleans(),
    dispute=strategies.sampled_from(["", "open", "won", "lost"]),
)


def model(tales, fee_nano):
    """(balance, frozen): from the stories alone."""
    left_nano, frozen = 0, False
    for tale in tales:
        amount_nano = tale.dollars * DOLLAR
        total_nano = amount_nano + fee_nano

        def share(nano, amount_nano=amount_nano, total_nano=total_nano):
            return nano * amount_nano // total_nano

        kept = [] if tale.refunds_fail else [cents * NANO_PER_CENT for cents in tale.refunds]
        left_nano += amount_nano - sum(share(nano) for nano in kept)
        if tale.dispute:
            frozen = frozen or tale.dispute != "won"
            if tale.dispute != "won":
                left_nano -= share(total_nano - sum(kept))
    return left_nano, frozen


def happen(till, alice, tale):
    row = till.pay(till.begin(alice, tale.dollars), LOST if tale.refunds_fail else GOOD)
    intent = till.stripe.api.checkout.sessions.retrieve(row.session_id).payment_intent
    for cents in tale.refunds:
        till.stripe.api.refunds.create(params={"payment_intent": intent, "amount": cents})
    if tale.dispute:
        dispute = till.stripe.control("dispute", payment_intent=intent)
        if tale.dispute != "open":
            till.stripe.control("close", dispute=dispute["id"], status=tale.dispute)


@pytest.mark.timeout(240)
def test_every_order_of_events_ends_where_the_model_ends(fresh_database, fast_simulator, settings):
    @examples(
        max_examples=25, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    @given(
        tales=strategies.lists(stories, min_size=1, max_size=2),
        fee_cents=strategies.sampled_from([0, 37]),
        random=strategies.randoms(use_true_random=False),
    )
    def check(tales, fee_cents, random):
        fresh_database()
        settings.PAYMENT_FEE_FIXED_CENTS = fee_cents
        till, alice = Till(fast_simulator, settings), poor()
        for tale in tales:
            happen(till, alice, tale)
        events = till.events()
        events += random.sample(events, len(events) // 2)
        random.shuffle(events)
        for event in events:
            till.deliver(event)
        expected = model(tales, fee_cents * NANO_PER_CENT)
        assert (balance(alice), is_frozen(alice)) == expected
        assert clearing_nano() == till.stripe_side_nano()
        assert [str(difference) for difference in verify.check()] == []

    check()
