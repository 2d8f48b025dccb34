"""manage.py createkey: an account (made when it is new), credits, and a key on stdout."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import keys
from accounts.models import User
from billing.credits import grant
from billing.management.arguments import add_limit, address, amount, limit_of
from billing.models import KeyBudget


class Command(BaseCommand):
    help = (
        "Make an API key and print it, alone, on stdout. It is shown this once. The account is"
        " made if nobody has this e-mail address yet."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="whose key; the account's address")
        parser.add_argument("--name", default="API key", help="what the key is for")
        parser.add_argument("--credits", default="0", help="dollars to grant to the account")
        add_limit(parser, "--limit", "the key")
        parser.add_argument("--expires", help="when it ends, as 2027-01-31 or 2027-01-31T12:00Z")
        parser.add_argument(
            "--model", action="append", default=[], help="a model it may use; repeat it for more"
        )
        parser.add_argument(
            "--management", action="store_true", help="a key that manages keys, nothing else"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        email = address("--email", options["email"])
        credits_nano = amount("--credits", options["credits"])
        limit_nano, period = limit_of(options, "--limit")
        expires_at = _moment(options["expires"])
        user = User.objects.filter(email=email).first() or User.objects.create_user(email)
        row, key = keys.create(
            user,
            options["name"],
            expires_at=expires_at,
            is_management=options["management"],
            allowed_models=options["model"],
        )
        if limit_nano is not None:
            KeyBudget.objects.create(key=row, limit_nano=limit_nano, period=period)
        if credits_nano:
            grant(user, credits_nano, "createkey")
        self.stdout.write(key)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--expires {text!r} is not a date like 2027-01-31") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
