from django.db import migrations

from ops import states

NOOP = migrations.RunSQL.noop


class Migration(migrations.Migration):
    """What the database itself refuses: illegal moves of a job."""

    dependencies = [("ops", "0001_initial"), ("engine_core", "0001_initial")]
    operations = [migrations.RunSQL(states.JOB.trigger(), NOOP)]
