from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """A callback names what the provider calls it. Nobody waits for the index."""

    atomic = False
    dependencies = [("payments", "0011_looked_at_again")]
    operations = [
        AddIndexConcurrently(
            "evidence",
            models.Index(
                fields=["provider_ref"],
                condition=models.Q(("provider_ref", ""), _negated=True),
                name="evidence_by_provider_ref",
            ),
        )
    ]
