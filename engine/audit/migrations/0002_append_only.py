from django.db import migrations

from engine.core.states import append_only


class Migration(migrations.Migration):
    """What was done stays written down: the audit refuses UPDATE, DELETE and TRUNCATE."""

    dependencies = [("engine_audit", "0001_initial")]
    operations = [migrations.RunSQL(append_only("engine_audit_entry"), migrations.RunSQL.noop)]
