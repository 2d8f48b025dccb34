"""What an operator may do to an account: grant, correct, refund. Each is a transfer with a reason
and an actor, and happens once for its idempotency key (design/money.md, "Refunds and disputes").
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from accounts.models import User
from billing.book import CORRECTIONS, MANUAL, PROMO, REVENUE
from billing.credits import account_id
from billing.ledger import Operation, Refund
from billing.ledger import Transfer as TransferOnce
from billing.models import Generation, Transfer
from billing.writer import run_now
from openrouter_site.actor import command_actor as command_actor

_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9._:-]{1,50}")
_REASON_CHARACTERS_MAX = 200
_ACTOR_CHARACTERS_MAX = 120


class Refused(ValueError):
    """The operator asked for something that makes no sense; the text says what and why."""


@dataclass(frozen=True, slots=True)
class Done:
    """The transfer there is now. `is_new` is False when it had been made before."""

    transfer_id: str
    is_new: bool


def grant(
    user: User, amount_nano: int, *, reason: str, actor: str, idempotency_key: str,
    paid: bool = False,
) -> Done:  # fmt: skip
    """Give credits: a present, or (`paid`) what the user paid by other means.

    Raises Refused, TransferConflict when this idempotency key gave something else, or one of
    database.OUTAGES; likewise below.
    """
    _check_amount(amount_nano)
    return _do(
        TransferOnce(
            transfer_id=f"grant:{_key(idempotency_key)}",
            debit=MANUAL if paid else PROMO,
            credit=account_id(user),
            amount_nano=amount_nano,
            kind="grant",
            ref=account_id(user),
            reason=_reason(reason),
            actor=_actor(actor),
        )
    )


def correct(user: User, amount_nano: int, *, reason: str, actor: str, idempotency_key: str) -> Done:
    """Put a balance right, up or (a negative amount) down. It may become negative."""
    _check_amount(abs(amount_nano))
    debit, credit = CORRECTIONS, account_id(user)
    if amount_nano < 0:
        debit, credit = credit, debit
    return _do(
        TransferOnce(
            transfer_id=f"correct:{_key(idempotency_key)}",
            debit=debit,
            credit=credit,
            amount_nano=abs(amount_nano),
            kind="correction",
            ref=account_id(user),
            reason=_reason(reason),
            actor=_actor(actor),
        )
    )


def refund_generation(
    generation_id: str, amount_nano: int | None = None, *, reason: str, actor: str,
    idempotency_key: str,
) -> Done:  # fmt: skip
    """Give back what a generation cost, or a part of it: all its refunds together at most that.

    What its key has spent stays as it is. Raises RefundTooLarge too.
    """
    generation = Generation.objects.filter(pk=generation_id).first()
    if generation is None:
        raise Refused(f"there is no generation {generation_id!r}")
    if amount_nano is None:
        amount_nano = generation.cost_nano
    if not generation.cost_nano:
        raise Refused(f"{generation_id} cost nothing")
    _check_amount(amount_nano)
    # Generation and idempotency key together would be too long for an id.
    once = hashlib.sha256(_key(idempotency_key).encode()).hexdigest()[:16]
    return _do(
        Refund(
            transfer_id=f"refund:{generation_id}:{once}",
            debit=REVENUE,
            credit=f"user:{generation.user_id}",
            amount_nano=amount_nano,
            kind="refund",
            ref=generation_id,
            reason=_reason(reason),
            actor=_actor(actor),
            refund_of=generation_id,
        )
    )


def refundable_nano(generation: Generation) -> int:
    """What is left to give back of what it cost."""
    refunds = Transfer.objects.filter(kind=Transfer.Kind.REFUND, ref=generation.pk)
    return generation.cost_nano - sum(refunds.values_list("amount_nano", flat=True))


def _do(operation: Operation) -> Done:
    return Done(operation.transfer_id, bool(run_now(operation)))


def _check_amount(amount_nano: int) -> None:
    if amount_nano <= 0:
        raise Refused("the amount must not be zero or less")


def _key(idempotency_key: str) -> str:
    if not _IDEMPOTENCY_KEY.fullmatch(idempotency_key):
        raise Refused(
            "the idempotency key must be 1 to 50 letters, digits, dots, colons, dashes or"
            " underscores"
        )
    return idempotency_key


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > _REASON_CHARACTERS_MAX or not reason.isprintable():
        raise Refused(f"a reason is needed: one line of at most {_REASON_CHARACTERS_MAX}")
    return reason


def _actor(actor: str) -> str:
    if not actor:
        raise Refused("who does it must be known")
    return actor[:_ACTOR_CHARACTERS_MAX]
