from django.db import migrations

from billing import states
from engine.core.states import append_only

NOOP = migrations.RunSQL.noop


class Migration(migrations.Migration):
    """What the database itself refuses: illegal moves, changed terms of a plan, changed lines of an invoice."""

    dependencies = [("billing", "0001_initial"), ("engine_core", "0001_initial")]
    operations = [
        migrations.RunSQL(states.SUBSCRIPTION.trigger(), NOOP),
        migrations.RunSQL(states.INVOICE.trigger(), NOOP),
        migrations.RunSQL(append_only("billing_planversion"), NOOP),
        migrations.RunSQL(append_only("billing_invoiceline"), NOOP),
    ]
