from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Old counts are deleted by their age. No call waits for the index."""

    atomic = False
    dependencies = [("engine_rest", "0002_unlogged")]
    operations = [
        AddIndexConcurrently("use", models.Index(fields=["window_start"], name="uses_by_age")),
    ]
