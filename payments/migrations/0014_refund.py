import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q, Value

from payments import states

NOOP = migrations.RunSQL.noop


class Migration(migrations.Migration):
    """Refunds. The constraint holds for what is written from now on; the next migration looks at what there is."""

    dependencies = [("payments", "0013_setups")]
    operations = [
        migrations.AddField("payment", "refunding_minor", models.BigIntegerField(default=0, db_default=0)),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("refund_no", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=10)),
                ("amount_minor", models.BigIntegerField()),
                ("fee_minor", models.BigIntegerField()),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("by_hand", "By Hand"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("canceled", "Canceled"),
                        ],
                        db_default="requested",
                        default="requested",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(db_default=1, default=1)),
                ("failure_code", models.CharField(blank=True, db_default="", default="", max_length=60)),
                ("failure_message", models.TextField(blank=True, db_default="", default="")),
                ("created_by", models.CharField(max_length=150)),
                ("case_id", models.UUIDField(null=True)),
                ("reference", models.CharField(blank=True, db_default="", default="", max_length=200)),
                ("recorded_by", models.CharField(blank=True, db_default="", default="", max_length=150)),
                (
                    "metadata",
                    models.JSONField(blank=True, db_default=Value({}, models.JSONField()), default=dict),
                ),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "payment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="payments.payment",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["state", "id"], name="refunds_by_state")],
                "constraints": [
                    models.UniqueConstraint(fields=("payment", "refund_no"), name="one_refund_per_number"),
                    models.CheckConstraint(
                        condition=Q(amount_minor__gt=0, fee_minor__gte=0, fee_minor__lte=F("amount_minor")),
                        name="refund_amounts_make_sense",
                    ),
                ],
            },
        ),
        migrations.RunSQL(states.REFUND.trigger(), NOOP),
        AddConstraintNotValid(
            "payment",
            models.CheckConstraint(
                condition=Q(refunding_minor__gte=0)
                & (
                    Q(state="reversed")
                    | Q(settled_minor__gte=F("refunded_minor") + F("refunding_minor") + F("disputed_minor"))
                ),
                name="payment_never_over_refunded",
            ),
        ),
    ]
