from django.db import migrations, models
from django.db.models import Q

from payments import undecided


class Migration(migrations.Migration):
    """What came late goes back by its provider: a refund says which attempt brought it, and the view reads that."""

    dependencies = [("payments", "0016_disputes"), ("engine_ledger", "0002_append_only")]
    operations = [
        migrations.AddField("refund", "attempt_id", models.UUIDField(null=True)),
        migrations.AddIndex(
            "refund",
            models.Index(
                fields=["attempt_id"], condition=Q(attempt_id__isnull=False), name="refunds_of_late_money"
            ),
        ),
        migrations.RunSQL(undecided.view(), "DROP VIEW payments_undecided"),
    ]
