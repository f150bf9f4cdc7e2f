from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Destination",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("payee", models.CharField(max_length=44)),
                ("mint", models.CharField(max_length=44)),
                ("payment_id", models.UUIDField()),
                ("signature", models.CharField(max_length=88)),
                ("last_valid_block_height", models.BigIntegerField()),
                ("signed_slot", models.BigIntegerField()),
            ],
            options={
                "db_table": "engine_providers_solana_destination",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("payee", "mint"), name="one_destination_per_payee_and_mint"
                    )
                ],
            },
        ),
    ]
