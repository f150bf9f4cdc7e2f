from django.db import migrations

from payments.callbacks import states


class Migration(migrations.Migration):
    """What the database itself refuses: illegal moves."""

    dependencies = [("payments_callbacks", "0001_initial"), ("engine_core", "0001_initial")]
    operations = [migrations.RunSQL(states.CALLBACK.trigger(), migrations.RunSQL.noop)]
