from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "engine.ledger"
    label = "engine_ledger"
    default_auto_field = "django.db.models.BigAutoField"
