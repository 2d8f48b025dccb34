"""manage.py createkey: an account (made when it is new), credits, and a key on stdout."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from accounts import keys
from accounts.models import User
from billing.credits import grant
from billing.models import KeyBudget
from openrouter_site.money import parse_amount


class Command(BaseCommand):
    help = (
        "Make an API key and print it, alone, on stdout. It is shown this once. The account is"
        " made if nobody has this e-mail address yet."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="whose key; the account's address")
        parser.add_argument("--name", default="API key", help="what the key is for")
        parser.add_argument("--credits", default="0", help="dollars to grant to the account")
        parser.add_argument("--limit", help="dollars the key may spend in all (default: no limit)")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"--email {email!r} is not an e-mail address") from None
        credits_nano = _amount("--credits", options["credits"])
        limit_nano = None if options["limit"] is None else _amount("--limit", options["limit"])
        user = User.objects.filter(email=email).first() or User.objects.create_user(email)
        row, key = keys.create(user, options["name"])
        if limit_nano is not None:
            KeyBudget.objects.create(key=row, limit_nano=limit_nano)
        if credits_nano:
            grant(user, credits_nano, "createkey")
        self.stdout.write(key)


def _amount(option: str, text: str) -> int:
    try:
        amount_nano = parse_amount(text)
    except ValueError as error:
        raise CommandError(f"{option}: {error}") from None
    if amount_nano < 0:
        raise CommandError(f"{option} {text!r} is negative")
    return amount_nano
