from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What a request did is found by the request's id. No act waits for the index."""

    atomic = False
    dependencies = [("engine_audit", "0003_roles")]
    operations = [
        AddIndexConcurrently(
            "entry",
            models.Index(
                fields=["request_id", "id"], condition=~models.Q(request_id=""), name="audit_of_request"
            ),
        ),
    ]
