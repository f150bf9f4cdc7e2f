from django.db import migrations, models

MACHINE_NOW = """
-- Machine time's one function: every deadline, lease and next_action_at reads it, nothing else asks the
-- server's clock. Tests step machine time by replacing it.
CREATE OR REPLACE FUNCTION machine_now() RETURNS timestamptz LANGUAGE sql VOLATILE
AS $$ SELECT clock_timestamp() $$;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(MACHINE_NOW, "DROP FUNCTION machine_now()"),
        migrations.CreateModel(
            name="Clock",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("real", "Real"), ("running", "Running"), ("test", "Test")], max_length=8
                    ),
                ),
                ("name", models.CharField(default="", max_length=80)),
                ("offset_seconds", models.FloatField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("stands_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("name",), name="one_clock_per_name"),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "real"))
                        | models.Q(("kind", "running"), ("lease_until__isnull", False))
                        | models.Q(("kind", "test"), ("stands_at__isnull", False)),
                        name="a_clock_has_its_time",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "INSERT INTO engine_core_clock (id, kind, name, offset_seconds) VALUES (0, 'real', 'real time', 0)",
            "DELETE FROM engine_core_clock WHERE id = 0",
        ),
    ]
