from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from engine.core.metadata import by_metadata


class Migration(migrations.Migration):
    """Nobody waits for the index."""

    atomic = False
    dependencies = [("payments", "0009_metadata_of_methods")]
    operations = [AddIndexConcurrently("paymentmethod", by_metadata("methods_by_metadata"))]
