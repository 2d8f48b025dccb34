"""What the commands of billing read from their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_email

from accounts.models import User
from billing.models import Budget
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


def address(option: str, text: str) -> str:
    """An e-mail address as accounts have it; raises CommandError."""
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise CommandError(f"{option} {email!r} is not an e-mail address") from None
    return email


def add_limit(parser: CommandParser, name: str, what: str) -> None:
    """Dollars of a limit, and when it counts anew."""
    parser.add_argument(name, help=f"dollars {what} may spend (default: no limit)")
    parser.add_argument(
        f"{name}-reset",
        choices=[period for period in Budget.Period.values if period],
        default="",
        help="they are for each UTC day, week or month (default: for ever)",
    )


def limit_of(options: Mapping[str, Any], name: str) -> tuple[int | None, str]:
    """Nano-dollars (None: no limit) and period of `add_limit`'s arguments; raises CommandError."""
    text, period = (options[f"{name[2:]}{ending}"] for ending in ("", "_reset"))
    if text is None and period:
        raise CommandError(f"{name}-reset needs {name}")
    return None if text is None else amount(name, text), period


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
