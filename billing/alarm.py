"""Telling the operator that the books do not balance, or that somebody should look at them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from billing.verify import Difference

logger = logging.getLogger(__name__)

_LINES_MAX = 50
# A limit below what is spent is the owner's business. What we absorb and what stays open is not.
_NO_ALARM = frozenset({"I3"})


def raise_alarm(differences: Sequence[Difference]) -> bool:
    """One line in the log for all errors, one for all warnings, and an e-mail; False for none."""
    errors = [each for each in differences if not each.warning]
    warnings = [each for each in differences if each.warning]
    if errors:
        logger.error("the ledger has %d differences:\n%s", len(errors), _lines(errors))
    if warnings:
        logger.warning("the ledger has %d warnings:\n%s", len(warnings), _lines(warnings))
    serious = [each for each in differences if each.invariant not in _NO_ALARM]
    if serious:
        _write(serious, len(errors))
    return bool(serious)


def _lines(differences: Sequence[Difference]) -> str:
    lines = [str(each) for each in differences[:_LINES_MAX]]
    more = len(differences) - len(lines)
    return "\n".join([*lines, f"and {more} more"] if more else lines)


def _write(differences: Sequence[Difference], errors: int) -> None:
    """To OPERATOR_EMAIL and to Django's ADMINS; a mail server that is down changes nothing."""
    addresses = [admin[1] for admin in settings.ADMINS]
    if settings.OPERATOR_EMAIL:
        addresses.insert(0, settings.OPERATOR_EMAIL)
    if not addresses:
        return
    what = f"{errors} differences" if errors else "warnings"
    text = (
        f"{_lines(differences)}\n\n"
        "manage.py verify_ledger shows the rows behind them, with --account one account's.\n"
    )
    try:
        send_mail(f"{settings.SITE_NAME}: the ledger has {what}", text, None, addresses)
    except (OSError, SMTPException):
        logger.exception("the alarm could not be sent by e-mail")
