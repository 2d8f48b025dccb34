"""Events from Stripe: repeated, shuffled, forged or somebody else's; each counts once.

What an event does is safe to repeat, so it is marked as done after it: a process killed between is
one more repetition. Only what has a valid signature of the last minutes leaves a row.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime
from typing import Any

import orjson

from billing.models import WebhookEvent
from billing.payments import auto_topup, checkout, disputes, refunds, stripe_client
from billing.payments.stripe_values import Dispute, Intent, Refund, Session, text

logger = logging.getLogger(__name__)


class BadEvent(Exception):
    """Not an event of Stripe's for us; nothing was kept of it."""


def receive(payload: bytes, signature: str | None) -> str:
    """What became of it: done, ignored or repeated.

    Raises BadEvent; or StripeDown or an outage: then it must come again.
    """
    try:
        stripe_client.check_signature(payload, signature)
    except stripe_client.BadSignature:
        raise BadEvent("The signature is missing, wrong or not of the last minutes.") from None
    try:
        event = orjson.loads(payload)
        event_id, kind, document = _read(event)
        sha = _sha(kind, document)
    except (ValueError, TypeError):
        raise BadEvent("This is no event.") from None
    row, _ = WebhookEvent.objects.get_or_create(
        pk=event_id, defaults={"type": kind, "sha": sha, "received_at": datetime.now(UTC)}
    )
    if row.sha != sha:
        logger.error("event %s came before and said something else", event_id)
        raise BadEvent("An event of this id said something else before.")
    if row.state != WebhookEvent.State.RECEIVED:
        return "repeated"
    ours = event.get("livemode") is stripe_client.is_live()
    try:
        done = ours and _handle(kind, document)
    except ValueError:
        raise BadEvent("The object of this event has another shape than expected.") from None
    state = WebhookEvent.State.DONE if done else WebhookEvent.State.IGNORED
    WebhookEvent.objects.filter(pk=event_id).update(state=state)
    return state.value


def _read(event: Any) -> tuple[str, str, dict[str, Any]]:
    if not isinstance(event, dict) or event.get("object") != "event":
        raise ValueError("no event")
    event_id, kind = text(event, "id"), text(event, "type")
    data = event.get("data")
    document = data.get("object") if isinstance(data, dict) else None
    if not 0 < len(event_id) <= 255 or not 0 < len(kind) <= 80 or not isinstance(document, dict):
        raise ValueError("no event")
    return event_id, kind, document


def _sha(kind: str, document: dict[str, Any]) -> str:
    canonical = orjson.dumps([kind, document], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).hexdigest()


def _handle(kind: str, document: dict[str, Any]) -> bool:
    """Whether it was about us. Types that nobody told us about are ignored."""
    if kind == "charge.refunded":
        notes = [refunds.note(refund) for refund in refunds_of(document)]
        return any(notes)
    family = next((known for known in _FAMILIES if kind.startswith(known)), None)
    read = stripe_client.READERS.get(str(document.get("object")))
    if family is None or read is None:
        return False
    match read(document):
        case Session() as session:
            return _session(kind, session)
        case Intent() as intent:
            return auto_topup.note(intent, is_failed=kind.endswith(".payment_failed"))
        case Refund() as refund:
            return refunds.note(refund)
        case Dispute() as dispute:
            return disputes.note(dispute)


# `charge.refund.updated` speaks of a refund too.
_FAMILIES = (
    "checkout.session.", "payment_intent.", "refund.", "charge.refund.", "charge.dispute.",
)  # fmt: skip


def _session(kind: str, session: Session) -> bool:
    row = checkout.confirm(session)
    if row is not None and kind.endswith(".async_payment_failed"):
        checkout.fail(row, "The bank did not pay.")
    return row is not None


def refunds_of(charge: dict[str, Any]) -> list[Refund]:
    """A charge only says how much of it went back; which refunds these were, Stripe is asked."""
    intent_id = text(charge, "payment_intent")
    if checkout.paid_by(intent_id) is None:
        return []
    try:
        return stripe_client.list_refunds(intent_id)
    except stripe_client.Refused:
        return []
