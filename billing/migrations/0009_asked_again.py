from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Invoices that were not asked for because their provider was not configured: found once it is."""

    atomic = False
    dependencies = [("billing", "0008_drafts_held")]
    operations = [
        AddIndexConcurrently(
            "invoice",
            models.Index(
                fields=["id"],
                condition=models.Q(reason_code="provider_not_configured"),
                name="invoices_to_ask_for",
            ),
        ),
    ]
