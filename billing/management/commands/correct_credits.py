"""manage.py correct_credits: put an account's balance right, up or down, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing import operator
from billing.management.arguments import add_reason, amount, told, user_of


class Command(BaseCommand):
    help = (
        "Correct an account's balance by so many dollars, up or down (--amount=-2.50), as a"
        " transfer with a reason and your name. The balance may become negative."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="whose account")
        parser.add_argument("--amount", required=True, help="dollars; with a minus: taken away")
        add_reason(parser)

    def handle(self, *args: Any, **options: Any) -> str:
        user = user_of(options["email"])
        amount_nano = amount("--amount", options["amount"], signed=True)
        return told(
            lambda: operator.correct(
                user,
                amount_nano,
                reason=options["reason"],
                actor=operator.command_actor(),
                idempotency_key=options["idempotency_key"],
            ),
            f"Corrected {user.email} by ${options['amount']}",
        )
