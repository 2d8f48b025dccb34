"""Who made a transfer; and neither a table made anew nor TRUNCATE leaves transfers unprotected."""

from django.db import migrations, models

# A column that is added in place: Django would make the table anew on SQLite, without its triggers.
ADD_ACTOR = "ALTER TABLE billing_transfer ADD COLUMN actor varchar(120) NOT NULL DEFAULT ''"
DROP_ACTOR = "ALTER TABLE billing_transfer DROP COLUMN actor"

# Those of 0002 again, in case a migration between made the table anew after all.
SQLITE = [
    f"""CREATE TRIGGER IF NOT EXISTS transfer_no_{event} BEFORE {event} ON billing_transfer
        BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END"""
    for event in ("update", "delete")
]
# Of an empty table it may be tried: tests do, and nothing is lost.
POSTGRESQL = [
    """CREATE FUNCTION transfer_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
           IF EXISTS (SELECT 1 FROM billing_transfer) THEN
               RAISE EXCEPTION 'transfers are append-only';
           END IF;
           RETURN NULL;
       END $$""",
    """CREATE TRIGGER transfer_no_truncate BEFORE TRUNCATE ON billing_transfer
       FOR EACH STATEMENT EXECUTE FUNCTION transfer_no_truncate()""",
]
POSTGRESQL_BACK = [
    "DROP TRIGGER transfer_no_truncate ON billing_transfer",
    "DROP FUNCTION transfer_no_truncate()",
]


def forwards(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in POSTGRESQL_BACK:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_payments")]
    operations = [
        migrations.RunSQL(
            ADD_ACTOR,
            DROP_ACTOR,
            state_operations=[
                migrations.AddField(
                    model_name="transfer",
                    name="actor",
                    field=models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Who made it, if a person did.",
                        max_length=120,
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="transfer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("capture", "Capture"),
                    ("adjust", "Adjust"),
                    ("overrun", "Overrun"),
                    ("grant", "Grant"),
                    ("correction", "Correction"),
                    ("refund", "Refund"),
                    ("reversal", "Reversal"),
                    ("top_up", "Top Up"),
                    ("fee", "Fee"),
                    ("test", "test payment"),
                    ("pay_refund", "payment refund"),
                    ("dispute", "Dispute"),
                ],
                max_length=10,
            ),
        ),
        migrations.RunPython(forwards, backwards),
    ]
