from django.db import migrations, models
from django.db.models import Func, Value

from engine.outbox import order

NOOP = migrations.RunSQL.noop


class Migration(migrations.Migration):
    """The feed's order: what stands already is at 0, in the order of the table, which is rewritten once."""

    dependencies = [("engine_outbox", "0002_append_only")]
    operations = [
        migrations.RunSQL(order.functions(0), NOOP),
        migrations.RunSQL("CREATE SEQUENCE engine_outbox_turn", NOOP),
        migrations.AddField("event", "position", models.BigIntegerField(db_default=0, editable=False)),
        migrations.AlterField(
            "event",
            "position",
            models.BigIntegerField(db_default=Func(function="engine_outbox_position"), editable=False),
        ),
        migrations.AddField(
            "event",
            "turn",
            models.BigIntegerField(
                db_default=Func(Value("engine_outbox_turn"), function="nextval"), editable=False
            ),
        ),
    ]
