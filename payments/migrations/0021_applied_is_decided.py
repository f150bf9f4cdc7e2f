from django.db import migrations

from payments import undecided


class Migration(migrations.Migration):
    """Money of another amount that a person applied after the end keeps no question open."""

    dependencies = [("payments", "0020_tried_later")]
    operations = [migrations.RunSQL(undecided.view(), migrations.RunSQL.noop)]
