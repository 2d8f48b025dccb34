"""`manage.py add_credential`: a provider's key into the database, encrypted."""

from __future__ import annotations

import os
import sys
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from catalog import addresses, credentials, editing, models
from catalog.entry import InvalidCatalog
from openrouter_site.actor import command_actor


class Command(BaseCommand):
    help = (
        "Store a credential of a provider, or replace the one with this label. The secret is read "
        "from standard input, or from the variable that --from-env names; never from an argument, "
        "which would stay in the shell's history. "
        "Example: add_credential --provider openai --label main < key.txt"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--provider", required=True, help="Its name or slug.")
        parser.add_argument("--label", default="main", help="What logs and records may call it.")
        parser.add_argument(
            "--position", type=int, help="The lowest is tried first; 0 for a new one."
        )
        parser.add_argument("--from-env", metavar="NAME", help="The variable with the secret.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            provider = editing.find_provider(options["provider"])
            row, is_new = _stored(provider, options["label"], options["position"], _secret(options))
        except InvalidCatalog as error:
            raise CommandError(str(error)) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        done = "Stored" if is_new else "Replaced"
        self.stdout.write(f"{done} the credential {row.label} of {provider.name}: {row.ending}.")
        address = addresses.served_at(provider)
        if not (provider.enabled and row.enabled):
            self.stdout.write("It is not used: it or its provider is switched off.")
        else:
            where = f"Served at {address}" if address else addresses.lacking(provider)
            self.stdout.write(f"{where}.")


def _secret(options: dict[str, Any]) -> str:
    name = options["from_env"]
    if name is not None:
        secret = os.environ.get(name, "").strip()
        if not secret:
            raise CommandError(f"the variable {name} is not set")
        return secret
    if sys.stdin.isatty():
        return getpass("Secret: ").strip()
    return sys.stdin.read(credentials.SECRET_CHARACTERS_MAX + 2).strip()


def _stored(
    provider: models.Provider, label: str, position: int | None, secret: str
) -> tuple[models.Credential, bool]:
    credentials.check(secret, label, provider.auth_kind)
    with transaction.atomic():
        models.bump_version()
        row = provider.credentials.filter(label=label).first()
        is_new = row is None
        row = row or models.Credential(provider=provider, label=label)
        if position is not None:
            row.position = position
        credentials.fill(row, secret)
        row.full_clean()
        row.save()
        models.CredentialChange.objects.create(
            actor=command_actor()[:120],
            provider_slug=provider.slug,
            label=label,
            what="stored" if is_new else "replaced",
        )
    return row, is_new
