from django.db import migrations, models


class Migration(migrations.Migration):
    """What was given back of an invoice."""

    dependencies = [("billing", "0006_owed_again")]
    operations = [
        migrations.AddField("invoice", "refunded_minor", models.BigIntegerField(default=0, db_default=0)),
    ]
