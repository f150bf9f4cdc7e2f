from django.db import migrations, models


class Migration(migrations.Migration):
    """Which Celery task sent an attempt last. Only adds, with a default in the database: old workers go on."""

    dependencies = [("payments", "0007_told_to_stop")]
    operations = [
        migrations.AddField(
            model_name="attempt",
            name="task_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        )
    ]
