from django.db import migrations, models


class Migration(migrations.Migration):
    """The inbox."""

    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Callback",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=40)),
                ("event_id", models.CharField(max_length=200)),
                ("kind", models.CharField(blank=True, db_default="", default="", max_length=80)),
                ("identity", models.CharField(blank=True, db_default="", default="", max_length=120)),
                ("provider_ref", models.CharField(blank=True, db_default="", default="", max_length=120)),
                ("dispute_ref", models.CharField(blank=True, db_default="", default="", max_length=120)),
                ("setup_ref", models.CharField(blank=True, db_default="", default="", max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("done", "Done"),
                            ("unknown", "Unknown"),
                            ("parked", "Parked"),
                            ("refused", "Refused"),
                        ],
                        db_default="waiting",
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("refusal", models.CharField(blank=True, db_default="", default="", max_length=60)),
                ("said", models.TextField(blank=True, db_default="", default="")),
                ("attempt_id", models.UUIDField(null=True)),
                ("payment_id", models.UUIDField(null=True)),
                ("tries", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("deliveries", models.PositiveIntegerField(db_default=1, default=1)),
                ("body", models.BinaryField()),
                ("size_bytes", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("headers", models.JSONField(default=dict)),
                ("correlation_id", models.UUIDField(null=True)),
                ("received_at", models.DateTimeField()),
                ("last_received_at", models.DateTimeField()),
                ("next_action_at", models.DateTimeField(null=True)),
                ("worked_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_action_at__isnull", False)),
                        fields=["next_action_at"],
                        name="callbacks_to_work",
                    ),
                    models.Index(
                        condition=models.Q(("payment_id__isnull", False)),
                        fields=["payment_id", "id"],
                        name="callbacks_of_payment",
                    ),
                    models.Index(fields=["provider", "id"], name="callbacks_of_provider"),
                    models.Index(
                        condition=models.Q(("state", "done"), _negated=True),
                        fields=["state", "id"],
                        name="callbacks_not_done",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "event_id"), name="one_callback_per_event"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_action_at__isnull", False), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("next_action_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="a_waiting_callback_has_its_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TurnedAway",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=40)),
                ("why", models.CharField(max_length=60)),
                ("hour_start", models.DateTimeField()),
                ("count", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "verbose_name_plural": "turned away",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hour_start", "provider", "why"), name="one_count_per_hour_and_reason"
                    )
                ],
            },
        ),
    ]
