from __future__ import annotations

from typing import Any

from django.db import migrations

# INSERT OR REPLACE deletes without a DELETE trigger (SQLite: recursive_triggers is off). batch.py
# is the only one that inserts, and never repeats an id.
_CREATE = """
    CREATE TRIGGER transfer_no_replace BEFORE INSERT ON billing_transfer
    WHEN EXISTS (SELECT 1 FROM billing_transfer WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END
"""


def create(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(_CREATE)


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER transfer_no_replace")


class Migration(migrations.Migration):
    dependencies = [("billing", "0007_own_keys")]

    operations = [migrations.RunPython(create, drop)]
