from django.db import migrations

from engine.core.states import append_only
from payments import states

NOOP = migrations.RunSQL.noop


class Migration(migrations.Migration):
    """What the database itself refuses: illegal moves, changed evidence; and the kill switch's one row."""

    dependencies = [("payments", "0001_initial"), ("engine_core", "0001_initial")]
    operations = [
        migrations.RunSQL(states.PAYMENT.trigger(), NOOP),
        migrations.RunSQL(states.ATTEMPT.trigger(), NOOP),
        migrations.RunSQL(append_only("payments_evidence", may_change=("applied_at", "verdict")), NOOP),
        migrations.RunSQL("INSERT INTO payments_killswitch (id) VALUES (1)", NOOP),
    ]
