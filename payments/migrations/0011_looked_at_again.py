from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Closed attempts of which a callback told: few at a time. Nobody waits for the index."""

    atomic = False
    dependencies = [("payments", "0010_methods_by_metadata")]
    operations = [
        migrations.AddField("attempt", "look_at", models.DateTimeField(null=True)),
        AddIndexConcurrently(
            "attempt",
            models.Index(
                fields=["provider", "look_at"],
                condition=models.Q(("look_at__isnull", False)),
                name="attempts_to_look_at",
            ),
        ),
    ]
