"""manage.py demo_account: the account that `make run` shows, made once."""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import keys
from accounts.addresses import set_verified
from accounts.models import ApiKey, User
from accounts.setup import DEMO_EMAIL as EMAIL
from billing.credits import grant
from openrouter_site.money import parse_amount

CREDITS = "10"


class Command(BaseCommand):
    help = (
        "Make the demo account with a password and a key with $10, once, and print them as JSON."
        " They are kept in DATA_DIR/demo.json, readable by you alone."
    )

    def handle(self, *args: Any, **options: Any) -> str:
        if settings.PRODUCTION:
            raise CommandError("There is no demo account in production.")
        return json.dumps(account())


def account() -> dict[str, str]:
    """{"email", "password", "api_key", "credits"}: from the file while it holds, else made."""
    path = settings.DATA_DIR / "demo.json"
    try:
        kept: dict[str, str] = json.loads(path.read_text())
        if ApiKey.objects.filter(digest=keys.digest(kept["api_key"])).exists():
            return kept
    except (FileNotFoundError, ValueError, KeyError):
        pass
    made = _make()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        json.dump(made, file)
    return made


def _make() -> dict[str, str]:
    password = secrets.token_urlsafe(12)
    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        user = User.objects.create_superuser(EMAIL, password)
    else:
        user.set_password(password)
        user.save(update_fields=["password"])
    set_verified(user)
    _, key = keys.create(user, "Demo")
    # The id makes the credits happen once, however often the file is lost.
    grant(user, parse_amount(CREDITS), "demo account", grant_id=f"demo:{user.pk}")
    return {"email": EMAIL, "password": password, "api_key": key, "credits": CREDITS}
