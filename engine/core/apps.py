from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "engine.core"
    label = "engine_core"
    default_auto_field = "django.db.models.BigAutoField"
