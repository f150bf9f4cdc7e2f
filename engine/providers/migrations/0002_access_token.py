from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engine_providers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("sealed", models.BinaryField(default=bytes)),
                ("digest", models.CharField(default="", max_length=64)),
                ("fetched_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("lease", models.UUIDField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "engine_providers_access_token",
                "constraints": [
                    models.UniqueConstraint(fields=("name",), name="one_access_token_per_credentials")
                ],
            },
        ),
    ]
