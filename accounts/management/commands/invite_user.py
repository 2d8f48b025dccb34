"""manage.py invite_user: let an address sign up where SIGN_UP=invite, and tell it."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from accounts import sign_up


class Command(BaseCommand):
    help = "Let this e-mail address sign up where SIGN_UP=invite, and send it a link."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--no-mail", action="store_true", help="print the link only")

    def handle(self, *args: Any, **options: Any) -> str:
        email = options["email"].strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email!r} is not an e-mail address.") from None
        row = sign_up.invite(email, invited_by=f"command:{getpass.getuser()}")
        if not options["no_mail"] and not sign_up.send(row):
            self.stderr.write("The e-mail was not sent; pass the link on yourself.")
        return sign_up.sign_up_url(email)
