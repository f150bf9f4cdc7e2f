from django.db import migrations

from billing import states

NOOP = migrations.RunSQL.noop


class Migration(migrations.Migration):
    """A paid invoice is open again where what had paid it was taken back."""

    dependencies = [("billing", "0005_found_by_metadata")]
    operations = [migrations.RunSQL(states.INVOICE.trigger(), NOOP)]
