from django.db import migrations

from engine.core.states import append_only


class Migration(migrations.Migration):
    dependencies = [("engine_ledger", "0001_initial")]
    operations = [migrations.RunSQL(append_only("engine_ledger_transfer"), migrations.RunSQL.noop)]
