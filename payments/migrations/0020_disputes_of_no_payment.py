import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A dispute that no payment of ours bears is kept, with a case; what is booked of one can be booked anew."""

    dependencies = [
        ("payments", "0019_tried_later"),
    ]

    operations = [
        migrations.AddField("dispute", "corrections", models.PositiveIntegerField(db_default=0, default=0)),
        migrations.AlterField(
            "dispute",
            "payment",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="disputes",
                to="payments.payment",
            ),
        ),
        migrations.AlterField(
            "case",
            "payment",
            models.ForeignKey(
                db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="payments.payment"
            ),
        ),
    ]
