from django.db import migrations, models


class Migration(migrations.Migration):
    """From when the payer's grace window counts. Who waits for funds now has a window from the next look on."""

    dependencies = [("payments", "0023_waiting")]
    operations = [migrations.AddField("payment", "grace_start", models.DateTimeField(null=True))]
