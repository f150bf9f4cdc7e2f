from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "engine.outbox"
    label = "engine_outbox"
    default_auto_field = "django.db.models.BigAutoField"
