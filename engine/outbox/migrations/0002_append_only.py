from django.db import migrations

from engine.core.states import append_only


class Migration(migrations.Migration):
    dependencies = [("engine_outbox", "0001_initial")]
    operations = [
        migrations.RunSQL(
            append_only("engine_outbox_event", may_change=("dispatched_at",)), migrations.RunSQL.noop
        )
    ]
