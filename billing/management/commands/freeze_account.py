"""manage.py freeze_account: nobody can spend from it or be refunded; --undo after a dispute."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing.credits import account_id
from billing.management.arguments import user_of
from billing.payments import disputes


class Command(BaseCommand):
    help = (
        "Freeze an account: its keys are refused and nothing is refunded, until --undo. A dispute"
        " does it by itself; after a lost one only this lets the account go on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="whose account")
        parser.add_argument("--undo", action="store_true", help="let it go on")

    def handle(self, *args: Any, **options: Any) -> str:
        user = user_of(options["email"])
        if options["undo"]:
            changed = disputes.unfreeze(account_id(user))
        else:
            changed = disputes.freeze(account_id(user))
        state = "goes on" if options["undo"] else "is frozen"
        return f"{user.email} {state}{'' if changed else ', as before'}."
