from django.db import migrations, models


class Migration(migrations.Migration):
    """Few rows ever: what was stopped while something spoke against calling it back."""

    dependencies = [("payments", "0006_not_paid_in_order")]
    operations = [
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                fields=["id"],
                condition=models.Q(("state", "scheduled"), models.Q(("stop_code", ""), _negated=True)),
                name="payments_told_to_stop",
            ),
        )
    ]
