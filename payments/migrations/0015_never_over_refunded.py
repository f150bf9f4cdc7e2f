from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Reads all payments beside those who write them: no lock but against other changes of the table."""

    dependencies = [("payments", "0014_refund")]
    operations = [ValidateConstraint("payment", "payment_never_over_refunded")]
