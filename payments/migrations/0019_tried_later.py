from django.db import migrations, models
from django.db.models import Q

from engine.core.states import append_only


class Migration(migrations.Migration):
    """Evidence that could be neither applied nor parked says when it is tried again."""

    dependencies = [("payments", "0018_counted_of_refunds")]
    operations = [
        migrations.AddField("evidence", "tries", models.PositiveIntegerField(db_default=0, default=0)),
        migrations.AddField("evidence", "try_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "evidence",
            models.Index(
                fields=["payment_id"],
                condition=Q(applied_at__isnull=True, try_at__isnull=False),
                name="evidence_to_try",
            ),
        ),
        migrations.RunSQL(
            append_only("payments_evidence", may_change=("applied_at", "verdict", "tries", "try_at")),
            migrations.RunSQL.noop,
        ),
    ]
