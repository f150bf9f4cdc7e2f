from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "engine.providers"
    label = "engine_providers"
    default_auto_field = "django.db.models.BigAutoField"
