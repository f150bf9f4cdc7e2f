from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Nobody who writes events waits for the index."""

    atomic = False
    dependencies = [("engine_outbox", "0003_position")]
    operations = [
        AddIndexConcurrently("event", models.Index(fields=["position", "turn"], name="events_in_order")),
    ]
