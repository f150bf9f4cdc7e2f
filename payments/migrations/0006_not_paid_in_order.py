from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Nobody who moves payments waits for the index."""

    atomic = False
    dependencies = [("payments", "0005_warned_and_on_their_way")]
    operations = [
        AddIndexConcurrently(
            "payment",
            models.Index(
                fields=["state", "id"],
                condition=models.Q(("state__in", ("failed", "canceled", "succeeded_late", "reversed"))),
                name="payments_not_paid_in_order",
            ),
        ),
    ]
