"""The admin's pages, found as the web process finds them: by its map."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Model


def registered() -> dict[type[Model], admin.ModelAdmin[Any]]:
    """The page of each model that has one."""
    import_module(settings.ROOT_URLCONF)
    return admin.site._registry
