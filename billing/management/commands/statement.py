"""manage.py statement: one account's month as CSV on stdout."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.credits import account_id
from billing.management.arguments import user_of
from billing.statement import month_of, pieces


class Command(BaseCommand):
    help = (
        "Print an account's statement of one month (UTC) as CSV: opening balance, every transfer"
        " with the balance after it, closing balance. Amounts are dollars."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="whose account")
        parser.add_argument("--month", required=True, help="like 2026-11")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_of(options["email"])
        try:
            month = month_of(options["month"])
        except ValueError as error:
            raise CommandError(f"--month: {error}") from None
        for piece in pieces(account_id(user), month):
            self.stdout.write(piece, ending="")
