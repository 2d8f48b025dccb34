"""What the commands of billing read from their arguments."""

from __future__ import annotations

from collections.abc import Callable

from django.core.management.base import CommandError, CommandParser

from accounts.models import User
from billing.operator import Done, Refused
from billing.refusals import RefundTooLarge, TransferConflict
from openrouter_site.database import OUTAGES
from openrouter_site.money import format_amount, parse_amount


def amount(option: str, text: str, *, signed: bool = False) -> int:
    """Dollars as nano-dollars; raises CommandError."""
    try:
        amount_nano = parse_amount(text)
    except ValueError as error:
        raise CommandError(f"{option}: {error}") from None
    if amount_nano < 0 and not signed:
        raise CommandError(f"{option} {text!r} is negative")
    return amount_nano


def user_of(email: str, option: str = "--email") -> User:
    """Raises CommandError."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise CommandError(f"{option}: nobody has the e-mail address {email!r}")
    return user


def add_reason(parser: CommandParser) -> None:
    """What every movement of money by hand needs."""
    parser.add_argument("--reason", required=True, help="why; kept with the transfer")
    parser.add_argument(
        "--idempotency-key",
        required=True,
        help="a name of this deed, such as a ticket's: a second run with it changes nothing",
    )


def told(action: Callable[[], Done], did: str) -> str:
    """Do it, and say what was done; raises CommandError."""
    try:
        done = action()
    except Refused as error:
        raise CommandError(f"Refused: {error}") from None
    except TransferConflict:
        raise CommandError(
            "Refused: this idempotency key was used for something else. Nothing was done."
        ) from None
    except RefundTooLarge as error:
        raise CommandError(
            f"Refused: ${format_amount(max(0, error.left_nano))} is left to give back."
        ) from None
    except OUTAGES as error:
        raise CommandError(f"The ledger cannot be written: {type(error).__name__}") from None
    return f"{did if done.is_new else 'Done before, nothing changed'}: {done.transfer_id}"
