"""manage.py refund_generation: give back what a generation cost, or a part of it, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing import operator
from billing.management.arguments import add_reason, amount, told


class Command(BaseCommand):
    help = (
        "Give back what a generation cost, or a part of it, as a transfer with a reason and your"
        " name. All refunds of a generation together are at most what it cost."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("generation", help="its id: gen-...")
        parser.add_argument("--amount", help="dollars (default: all it cost)")
        add_reason(parser)

    def handle(self, *args: Any, **options: Any) -> str:
        text = options["amount"]
        amount_nano = None if text is None else amount("--amount", text)
        return told(
            lambda: operator.refund_generation(
                options["generation"],
                amount_nano,
                reason=options["reason"],
                actor=operator.command_actor(),
                idempotency_key=options["idempotency_key"],
            ),
            f"Refunded {options['generation']}",
        )
