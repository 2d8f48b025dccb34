"""manage.py verify_ledger: does every nano-dollar have its explanation?"""

from __future__ import annotations

import contextlib
import re
import sys
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from accounts.models import User
from billing import drill_down, ledger_checks
from billing.credits import account_id
from billing.verify import Report, examine
from openrouter_site.database import OUTAGES
from openrouter_site.money import format_amount


class Command(BaseCommand):
    help = (
        "Check the books: balances against transfers, holds, generations and limits. Safe while"
        " the server runs. Exit code 1 when something does not balance; warnings alone leave it 0."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--account",
            metavar="EMAIL",
            help="only this user's account (or user:5), with every transfer and where the running"
            " sum leaves what is posted",
        )
        parser.add_argument("--since", help="list its transfers from this day on: 2026-11-01")

    def handle(self, *args: Any, **options: Any) -> None:
        account = _account_of(options["account"]) if options["account"] else ""
        since = _day(options["since"])
        if since and not account:
            raise CommandError("--since needs --account")
        try:
            report = examine(account)
        except OUTAGES as error:
            raise CommandError(f"The database cannot be read: {type(error).__name__}") from None
        if account:
            for line in drill_down.lines(account, since):
                self.stdout.write(line)
        else:
            _note(report)
        for difference in report.differences:
            self.stdout.write(f"{'WARNING' if difference.warning else 'WRONG'} {difference}")
            for line in difference.evidence:
                self.stdout.write(f"    {line}")
        if report.is_clean:
            self.stdout.write(f"OK {_summary(report)}")
            return
        wrong = sum(not difference.warning for difference in report.differences)
        self.stdout.write(f"{wrong} differences; {_summary(report)}")
        sys.exit(1)


def _note(report: Report) -> None:
    """The check itself only reads, and works where nothing can be written."""
    with contextlib.suppress(DatabaseError):
        ledger_checks.note(report.differences)


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise CommandError(f"--since {text!r} is not a day like 2026-11-01") from None


def _account_of(email: str) -> str:
    if re.fullmatch(r"user:[0-9]{1,18}", email):
        return email
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise CommandError(f"--account: nobody has the e-mail address {email!r}")
    return account_id(user)


def _summary(report: Report) -> str:
    figures = report.figures
    return (
        f"{figures['accounts']} accounts with ${format_amount(figures['posted_nano'])},"
        f" ${format_amount(figures['held_nano'])} of it held by {figures['open_holds']} open of"
        f" {figures['holds']} holds; {figures['generations']} generations cost"
        f" ${format_amount(figures['cost_nano'])}, ${format_amount(figures['overrun_nano'])} beyond"
        f" their holds was ours; {figures['transfers']} transfers"
    )
