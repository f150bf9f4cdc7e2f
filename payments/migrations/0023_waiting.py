from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Few rows on a good day: what waits for us or for the payee, by reason. Nothing that is sent at once is in it."""

    atomic = False
    dependencies = [("payments", "0022_what_was_told")]
    operations = [
        AddIndexConcurrently(
            "payment",
            models.Index(
                fields=["provider", "waiting", "failure_code", "created_at"],
                condition=models.Q(
                    state="scheduled", parked_at__isnull=True, waiting__in=("provider", "payee")
                ),
                name="payments_waiting",
            ),
        )
    ]
