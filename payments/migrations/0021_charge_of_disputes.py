from django.db import migrations, models


class Migration(migrations.Migration):
    """Which charge each dispute is of: also of money that no payment counts."""

    dependencies = [("payments", "0020_disputes_of_no_payment")]
    operations = [
        migrations.AddField(
            "dispute", "charge_ref", models.CharField(db_default="", default="", max_length=160)
        ),
    ]
