from django.db import migrations, models


class Migration(migrations.Migration):
    """The end that a callback tells of."""

    dependencies = [("payments_callbacks", "0003_asked_for")]
    operations = [
        migrations.AddField(
            "callback", "says", models.CharField(blank=True, db_default="", default="", max_length=10)
        ),
    ]
