from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "engine.audit"
    label = "engine_audit"
    default_auto_field = "django.db.models.BigAutoField"
