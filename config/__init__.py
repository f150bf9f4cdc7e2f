"""Where the product is put together."""

from engine.core import collector

collector.loading()

from config.celery import app as celery_app  # noqa: E402  # what this loads is meant

__all__ = ["celery_app"]
