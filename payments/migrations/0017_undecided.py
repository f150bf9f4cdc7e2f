from django.db import migrations

from payments import undecided


class Migration(migrations.Migration):
    """The one condition under which a source is not asked again until a person decided."""

    dependencies = [("payments", "0016_disputes"), ("engine_ledger", "0002_append_only")]
    operations = [migrations.RunSQL(undecided.view(), "DROP VIEW payments_undecided")]
