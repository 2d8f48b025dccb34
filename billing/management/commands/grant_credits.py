"""manage.py grant_credits: give an account credits, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing import operator
from billing.management.arguments import add_reason, amount, told, user_of


class Command(BaseCommand):
    help = "Give an account credits, as a transfer with a reason and your name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="whose account")
        parser.add_argument("--amount", required=True, help="dollars")
        parser.add_argument(
            "--paid", action="store_true", help="they were paid for by other means: no present"
        )
        add_reason(parser)

    def handle(self, *args: Any, **options: Any) -> str:
        user, amount_nano = user_of(options["email"]), amount("--amount", options["amount"])
        return told(
            lambda: operator.grant(
                user,
                amount_nano,
                paid=options["paid"],
                reason=options["reason"],
                actor=operator.command_actor(),
                idempotency_key=options["idempotency_key"],
            ),
            f"Granted ${options['amount']} to {user.email}",
        )
