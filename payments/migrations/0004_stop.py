from django.db import migrations, models


class Migration(migrations.Migration):
    """A payment that was called back while in flight is canceled if it proves not to have left."""

    dependencies = [("payments", "0003_lookups")]
    operations = [
        migrations.AddField(
            model_name="payment",
            name="stop_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AddField(
            model_name="payment",
            name="stop_reason",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
