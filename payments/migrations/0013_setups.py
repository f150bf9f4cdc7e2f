from django.db import migrations, models
from django.db.models import Q, Value


class Migration(migrations.Migration):
    """Methods that a gateway keeps: how they are set up, what they are known by, and which one is a customer's default."""

    dependencies = [("payments", "0012_found_by_provider_ref")]

    operations = [
        migrations.AddField(
            "paymentmethod",
            "label",
            models.JSONField(blank=True, db_default=Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            "paymentmethod", "is_default", models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField(
            "paymentmethod",
            "setup_kind",
            models.CharField(blank=True, db_default="", default="", max_length=16),
        ),
        migrations.AddField(
            "paymentmethod", "setup_url", models.TextField(blank=True, db_default="", default="")
        ),
        migrations.AddField("paymentmethod", "setup_until", models.DateTimeField(null=True)),
        migrations.AddField("paymentmethod", "next_action_at", models.DateTimeField(null=True)),
        migrations.AddField("paymentmethod", "looks", models.PositiveIntegerField(db_default=0, default=0)),
        migrations.AddField("paymentmethod", "activated_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "paymentmethod",
            "state",
            models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("active", "Active"),
                    ("expired", "Expired"),
                    ("removed", "Removed"),
                ],
                db_default="pending",
                default="pending",
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            "paymentmethod",
            models.UniqueConstraint(
                condition=Q(("is_default", True)),
                fields=("customer_id",),
                name="one_default_method_per_customer",
            ),
        ),
        migrations.AddConstraint(
            "paymentmethod",
            models.CheckConstraint(
                condition=Q(("is_default", False), ("state", "active"), _connector="OR"),
                name="a_default_method_is_active",
            ),
        ),
        migrations.AddIndex(
            "paymentmethod",
            models.Index(
                condition=Q(("next_action_at__isnull", False)),
                fields=["next_action_at"],
                name="methods_to_act_on",
            ),
        ),
    ]
