from django.db import migrations, models


class Migration(migrations.Migration):
    """What somebody told of a closed attempt, until a look shows it."""

    dependencies = [("payments", "0021_charge_of_disputes")]
    operations = [
        migrations.AddField("attempt", "told_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "attempt", "told_end", models.CharField(blank=True, db_default="", default="", max_length=10)
        ),
        migrations.AddField(
            "attempt", "told_ref", models.CharField(blank=True, db_default="", default="", max_length=120)
        ),
        migrations.AddField(
            "attempt", "told_looks", models.PositiveSmallIntegerField(db_default=0, default=0)
        ),
    ]
