from django.db import migrations


class Migration(migrations.Migration):
    """The one condition under which a source is not asked again until a person decided: made by the next migration,
    because the view of today names a column of that."""

    dependencies = [("payments", "0016_disputes"), ("engine_ledger", "0002_append_only")]
    operations: list[migrations.RunSQL] = []
