from django.apps import AppConfig

from engine.core import collector


class CoreConfig(AppConfig):
    name = "engine.core"
    label = "engine_core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Every model is loaded."""
        collector.loaded()
