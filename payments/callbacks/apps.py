from django.apps import AppConfig


class CallbacksConfig(AppConfig):
    name = "payments.callbacks"
    label = "payments_callbacks"
    default_auto_field = "django.db.models.BigAutoField"
