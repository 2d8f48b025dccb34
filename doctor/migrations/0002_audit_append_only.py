"""What the audit log is read from stays as it was: triggers refuse to change it.

Entries of the admin's log and notes on credentials cannot be deleted either. The notes on keys and members go with their
key or member, which no page and no command deletes.
"""

from __future__ import annotations

from django.db import migrations

_UNDELETABLE = ("django_admin_log", "catalog_credentialchange")
_TABLES = (*_UNDELETABLE, "accounts_keychange", "accounts_memberchange")
_REFUSED = "records of the audit log are append-only"


def _triggers():
    for table in _TABLES:
        yield table, "update"
    for table in _UNDELETABLE:
        yield table, "delete"


def create(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    if is_postgresql:
        schema_editor.execute(
            "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
        )
    for table, event in _triggers():
        body = (
            "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
            if is_postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )
        schema_editor.execute(
            f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} {body}"
        )


def drop(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for table, event in _triggers():
        of_table = f" ON {table}" if is_postgresql else ""
        schema_editor.execute(f"DROP TRIGGER {table}_no_{event}{of_table}")
    if is_postgresql:
        schema_editor.execute("DROP FUNCTION audit_append_only()")


class Migration(migrations.Migration):
    dependencies = [
        ("doctor", "0001_heartbeat"),
        ("accounts", "0005_members"),
        ("catalog", "0005_credential_change"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]
    operations = [migrations.RunPython(create, drop)]
