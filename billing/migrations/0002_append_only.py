"""Transfers are append-only in both databases: triggers refuse UPDATE and DELETE."""

from django.db import migrations

SQLITE = [
    """CREATE TRIGGER transfer_no_update BEFORE UPDATE ON billing_transfer
       BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END""",
    """CREATE TRIGGER transfer_no_delete BEFORE DELETE ON billing_transfer
       BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END""",
]
SQLITE_BACK = ["DROP TRIGGER transfer_no_update", "DROP TRIGGER transfer_no_delete"]

POSTGRESQL = [
    """CREATE FUNCTION transfer_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'transfers are append-only'; END $$""",
    """CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE ON billing_transfer
       FOR EACH ROW EXECUTE FUNCTION transfer_append_only()""",
]
POSTGRESQL_BACK = [
    "DROP TRIGGER transfer_append_only ON billing_transfer",
    "DROP FUNCTION transfer_append_only()",
]


def _run(schema_editor, sqlite, postgresql):
    statements = postgresql if schema_editor.connection.vendor == "postgresql" else sqlite
    for statement in statements:
        schema_editor.execute(statement)


def forwards(apps, schema_editor):
    _run(schema_editor, SQLITE, POSTGRESQL)


def backwards(apps, schema_editor):
    _run(schema_editor, SQLITE_BACK, POSTGRESQL_BACK)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
