"""What went wrong with a payment, in words for who asked: the same for programs and for pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from billing.payments.checkout import KeyReused
from billing.payments.ledger import NotRefundable
from billing.payments.stripe_client import Refused, StripeDown
from billing.refusals import AccountFrozen, InsufficientCredits
from openrouter_site.database import OUTAGES
from openrouter_site.errors import Conflict, Forbidden, Unavailable
from openrouter_site.money import format_amount

MANUAL = "Payments are not set up on this server: an operator grants credits. Ask them."
FROZEN = "A dispute froze this account. Ask the operator."


@contextmanager
def said_in_our_words(again: str = "Try again with the same Idempotency-Key.") -> Iterator[None]:
    """Whatever can go wrong with a payment, as an ApiError that says what to do. `again`: how the
    same is asked once more."""
    try:
        yield
    except KeyReused:
        raise Conflict(
            "This Idempotency-Key was used for another request. Use a new key for a new request."
        ) from None
    except Refused as refusal:
        raise Conflict(f"Stripe does not accept this: {refusal}") from None
    except StripeDown:
        raise Unavailable(
            f"The payment service does not answer. {again}", retry_after_s=5
        ) from None
    except AccountFrozen:
        raise Forbidden(FROZEN) from None
    except NotRefundable as refusal:
        raise Conflict(
            f"${format_amount(refusal.refundable_nano)} of this payment can still be refunded."
        ) from None
    except InsufficientCredits as refusal:
        left_nano = max(0, refusal.available_nano)
        raise Conflict(
            f"Only unspent credits can be refunded: ${format_amount(left_nano)} are left."
        ) from None
    except OUTAGES:
        raise Unavailable("The ledger cannot be written right now.", retry_after_s=2) from None
