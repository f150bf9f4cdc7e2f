from django.apps import AppConfig


class RestConfig(AppConfig):
    name = "engine.rest"
    label = "engine_rest"
    default_auto_field = "django.db.models.BigAutoField"
