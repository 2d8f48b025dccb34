"""manage.py demo_traffic: plausible requests to the running server, all of them real ones."""

from __future__ import annotations

import json
import os
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import keys
from accounts.models import ApiKey, User
from billing.balances import account_row
from billing.credits import account_id, grant
from billing.management.commands.demo_account import account
from catalog import live
from openrouter_site.money import parse_amount
from rankings import demo_traffic
from rankings.demo_traffic import Count, NotThere, Server

CREDITS = "20"
KEY_NAMES = ("Web app", "Back office", "Laptop")


class Command(BaseCommand):
    help = (
        "Send requests to the running server as people and their apps would, with keys of the demo"
        " account, so that its pages have something to show. Only models that the simulator plays"
        " are asked; a real provider is asked for one token, once, to find out. The rankings have"
        " today's requests tomorrow: they count completed days of UTC."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--requests", type=_count, default=400, help="how many (400)")
        parser.add_argument("--minutes", type=_minutes, default=0, help="spread over so long (0)")
        parser.add_argument("--seed", type=int, default=1, help="another one, other requests (1)")
        parser.add_argument("--url", default=f"http://127.0.0.1:{settings.PORT}", help="the server")

    def handle(self, *args: Any, **options: Any) -> str:
        if settings.PRODUCTION:
            raise CommandError("There is no demo traffic in production.")
        server = Server(str(options["url"]).rstrip("/"))
        own_keys = _keys()
        try:
            server.check(own_keys[0])
        except NotThere as error:
            raise CommandError(str(error)) from error
        models = demo_traffic.played_models(server, own_keys[0], live.catalog())
        if not models:
            raise CommandError(
                "The simulator plays no model here. Start the server with SIMULATOR=1."
            )
        asks = list(demo_traffic.asks(models, own_keys, options["requests"], options["seed"]))
        done = demo_traffic.send_all(server, asks, self._tell, over_s=options["minutes"] * 60)
        return f"{done.sent} requests sent, {done.answered} answered" + "".join(
            f", {number} with {status or 'no answer'}"
            for status, number in sorted(done.statuses.items())
            if status != 200
        )

    def _tell(self, count: Count) -> None:
        if count.sent % 20 == 0:
            self.stderr.write(f"{count.sent} sent, {count.answered} answered")


def _keys() -> list[str]:
    """Of the demo account, with credits: kept in DATA_DIR as its own key is."""
    user = User.objects.get(email=account()["email"])
    if account_row(account_id(user)).posted_nano < parse_amount(CREDITS) // 4:
        grant(user, parse_amount(CREDITS), "demo traffic")
    path = settings.DATA_DIR / "demo_traffic.json"
    try:
        kept: list[str] = json.loads(path.read_text())
        digests = [keys.digest(key) for key in kept]
        works = ApiKey.objects.filter(digest__in=digests, deleted_at=None, disabled=False)
        if works.count() == len(KEY_NAMES):
            return kept
    except (FileNotFoundError, ValueError, AttributeError, TypeError):
        pass
    made = [keys.create(user, name)[1] for name in KEY_NAMES]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        json.dump(made, file)
    return made


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100_000:
        raise ArgumentTypeError("from 1 to 100000")
    return number


def _minutes(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 100_000:
        raise ArgumentTypeError("from 0 to 100000")
    return number
