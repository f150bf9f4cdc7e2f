from django.db import migrations, models


class Migration(migrations.Migration):
    """Only adds, with a default in the database: old workers go on."""

    dependencies = [("payments", "0008_task_of_attempt")]
    operations = [
        migrations.AddField(
            model_name="paymentmethod",
            name="metadata",
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        )
    ]
