from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Few rows ever: drafts that wait for an approver, found among however many that wait for nobody."""

    atomic = False
    dependencies = [("billing", "0007_refunded")]
    operations = [
        AddIndexConcurrently(
            "invoice",
            models.Index(
                fields=["id"],
                condition=models.Q(("state", "draft"), models.Q(("held_reason", ""), _negated=True)),
                name="drafts_held",
            ),
        )
    ]
