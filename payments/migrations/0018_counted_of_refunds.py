from django.db import migrations, models


class Migration(migrations.Migration):
    """What of each refund its payment counts: all of it so far."""

    dependencies = [("payments", "0017_refund_of_late_money")]
    operations = [
        migrations.AddField("refund", "counted_minor", models.BigIntegerField(default=0, db_default=0)),
        migrations.RunSQL(
            "UPDATE payments_refund SET counted_minor = amount_minor WHERE attempt_id IS NULL",
            migrations.RunSQL.noop,
        ),
    ]
