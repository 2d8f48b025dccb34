"""`manage.py rotate_credentials`: all stored credentials under the first key of CREDENTIALS_KEY."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from catalog import encryption, models

_ROWS_AT_ONCE = 500


def _pages() -> Iterator[list[models.Encrypted]]:
    """Of the rows of every model that keeps something encrypted, whichever app it belongs to."""
    for model in apps.get_models():
        if issubclass(model, models.Encrypted):
            rows = model._default_manager.order_by("pk")
            page = list(rows[:_ROWS_AT_ONCE])
            while page:
                yield page
                page = list(rows.filter(pk__gt=page[-1].pk)[:_ROWS_AT_ONCE])


class Command(BaseCommand):
    help = (
        "Encrypt everything that is stored encrypted anew with the first key of CREDENTIALS_KEY."
        " To change the key: put the new one first (CREDENTIALS_KEY=new,old), restart, run this,"
        " then take the old one away. Safe while serving."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done, unreadable = 0, []
        for page in _pages():
            # A page at a time, so that nobody who writes waits long for us.
            with transaction.atomic():
                models.bump_version()
                for row in page:
                    try:
                        encrypted = encryption.rotate(row.encrypted)
                    except encryption.Unreadable:
                        unreadable.append(str(row))
                        continue
                    # Unless somebody changed it meanwhile, and so encrypted it anew.
                    same = type(row)._default_manager.filter(pk=row.pk, encrypted=row.encrypted)
                    done += same.update(encrypted=encrypted)
        source = "CREDENTIALS_KEY" if encryption.keys() else "SECRET_KEY"
        self.stdout.write(f"Encrypted with the current key (from {source}): {done}.")
        if unreadable:
            raise CommandError(
                f"cannot be read with any key, enter them again: {', '.join(unreadable)}"
            )
