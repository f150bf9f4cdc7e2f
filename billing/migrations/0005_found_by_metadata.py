from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from engine.core.metadata import by_metadata

TABLES = ("customer", "creator", "plan", "subscription")


class Migration(migrations.Migration):
    """Nobody waits for the indexes, and claim writes nothing into that of subscriptions which have no metadata."""

    atomic = False
    dependencies = [("billing", "0004_plan_events")]
    operations = [AddIndexConcurrently(table, by_metadata(f"{table}s_by_metadata")) for table in TABLES]
