"""`manage.py rotate_credentials`: all stored credentials under the first key of CREDENTIALS_KEY."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from catalog import encryption, models


def _secrets() -> Iterator[models.Secret]:
    """The rows of every model that keeps secrets, whichever app it belongs to."""
    for model in apps.get_models():
        if issubclass(model, models.Secret):
            yield from model._default_manager.all()


class Command(BaseCommand):
    help = (
        "Encrypt every stored credential anew with the first key of CREDENTIALS_KEY. To change the "
        "key: put the new one first (CREDENTIALS_KEY=new,old), restart, run this, then take the "
        "old one away. Safe while serving."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done, unreadable = 0, []
        with transaction.atomic():
            models.bump_version()
            for row in _secrets():
                try:
                    encrypted = encryption.rotate(row.encrypted)
                except encryption.Unreadable:
                    unreadable.append(str(row))
                    continue
                type(row)._default_manager.filter(pk=row.pk).update(encrypted=encrypted)
                done += 1
        source = "CREDENTIALS_KEY" if encryption.keys() else "SECRET_KEY"
        self.stdout.write(f"Encrypted with the current key (from {source}): {done}.")
        if unreadable:
            raise CommandError(
                f"cannot be read with any key, enter them again: {', '.join(unreadable)}"
            )
