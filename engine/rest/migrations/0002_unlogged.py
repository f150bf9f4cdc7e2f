from django.db import migrations


class Migration(migrations.Migration):
    """Counts of calls are no truth: they cost no WAL, and a crash may empty them."""

    dependencies = [("engine_rest", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE engine_rest_use SET UNLOGGED", "ALTER TABLE engine_rest_use SET LOGGED"
        )
    ]
