import django.db.models.deletion
from django.db import migrations, models

from payments import states

NOOP = migrations.RunSQL.noop


class Migration(migrations.Migration):
    """What payers' banks take back."""

    dependencies = [
        ("payments", "0015_never_over_refunded"),
    ]

    operations = [
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=40)),
                ("dispute_ref", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("under_review", "Under Review"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                        ],
                        db_default="open",
                        default="open",
                        max_length=14,
                    ),
                ),
                ("version", models.PositiveIntegerField(db_default=1, default=1)),
                ("currency", models.CharField(max_length=10)),
                ("amount_minor", models.BigIntegerField()),
                ("counted_minor", models.BigIntegerField()),
                ("fee_minor", models.BigIntegerField()),
                ("cost_minor", models.BigIntegerField(db_default=0, default=0)),
                ("costs", models.PositiveIntegerField(db_default=0, default=0)),
                ("reason", models.TextField()),
                ("case_id", models.UUIDField()),
                ("opened_at", models.DateTimeField()),
                ("evidence_due_at", models.DateTimeField(null=True)),
                ("warned_at", models.DateTimeField(null=True)),
                ("looked_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "payment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="payments.payment",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["payment"], name="disputes_of_payment"),
                    models.Index(
                        condition=models.Q(("state__in", ("open", "under_review"))),
                        fields=["looked_at"],
                        name="disputes_to_look_at",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "dispute_ref"), name="one_dispute_per_reference"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("counted_minor__lte", models.F("amount_minor")),
                            ("fee_minor__gte", 0),
                            ("fee_minor__lte", models.F("counted_minor")),
                        ),
                        name="dispute_amounts_make_sense",
                    ),
                ],
            },
        ),
        migrations.RunSQL(states.DISPUTE.trigger(), NOOP),
    ]
