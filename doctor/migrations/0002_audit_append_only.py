"""What the audit log is read from stays as it was: triggers refuse to change it.

Entries of the admin's log and notes on credentials cannot be deleted either. The notes on keys and
members go with their key or member, which no page and no command deletes. What says who somebody
was can be erased, and only that, when he closes his account (billing.closing).
"""

from __future__ import annotations

from django.db import migrations

# Table by model, and its column with a name in it: what it may become, and how.
_ERASABLE = {
    ("admin", "LogEntry"): ("object_repr", ""),
    ("accounts", "KeyChange"): ("actor", "a closed account"),
    ("accounts", "MemberChange"): ("actor", "a closed account"),
    ("catalog", "CredentialChange"): (None, ""),
}
_UNDELETABLE = {("admin", "LogEntry"), ("catalog", "CredentialChange")}
_REFUSED = "records of the audit log are append-only"


def _triggers(apps):
    """(table, name, when it fires) of each."""
    for model, (erasable, erased) in _ERASABLE.items():
        meta = apps.get_model(*model)._meta
        table = meta.db_table
        columns = [field.column for field in meta.local_concrete_fields]
        kept = ", ".join(f'"{column}"' for column in columns if column != erasable)
        row = f'ON "{table}" FOR EACH ROW'
        yield table, f"{table}_no_update", f"BEFORE UPDATE OF {kept} {row}"
        if erasable is not None:
            other = f"WHEN (NEW.\"{erasable}\" <> '{erased}')"
            yield table, f"{table}_erase", f'BEFORE UPDATE OF "{erasable}" {row} {other}'
        if model in _UNDELETABLE:
            yield table, f"{table}_no_delete", f"BEFORE DELETE {row}"


def create(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    if is_postgresql:
        schema_editor.execute(
            "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
        )
    refuse = (
        "EXECUTE FUNCTION audit_append_only()"
        if is_postgresql
        else f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )
    for _, name, event in _triggers(apps):
        schema_editor.execute(f"CREATE TRIGGER {name} {event} {refuse}")


def drop(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for table, name, _ in _triggers(apps):
        of_table = f' ON "{table}"' if is_postgresql else ""
        schema_editor.execute(f"DROP TRIGGER {name}{of_table}")
    if is_postgresql:
        schema_editor.execute("DROP FUNCTION audit_append_only()")


class Migration(migrations.Migration):
    dependencies = [
        ("doctor", "0001_heartbeat"),
        # The latest: SQLite makes a table anew to alter it, without its triggers.
        ("accounts", "0010_sign_up"),
        ("catalog", "0006_unknown_policies"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]
    operations = [migrations.RunPython(create, drop)]
