"""Columns of a list that keep a row on one line: moments to the second, ids by their end, long texts cut."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import format_html

_LONG = 60  # characters that a column of names may hold and stay as it is


def column(model: type[models.Model], name: Any) -> Any:
    """The column that stands for a name of `list_display`: the name itself where it needs no help."""
    try:
        field = model._meta.get_field(name) if isinstance(name, str) else None
    except FieldDoesNotExist:  # a method of the page
        return name
    shape = _shape(field, name)
    if shape is None:
        return name
    words = name.replace("_", " ") + (" (UTC)" if shape is moment else "")

    @admin.display(description=words)
    def shown(row: models.Model) -> str:
        value = getattr(row, name)
        return "" if value in (None, "") else shape(value)

    shown.__name__ = name
    return shown


def _shape(field: Any, name: str) -> Callable[[Any], str] | None:
    if isinstance(field, models.ForeignKey):
        return _end if name == field.attname and isinstance(field.target_field, models.UUIDField) else None
    if isinstance(field, models.DateTimeField):
        return moment
    if isinstance(field, models.UUIDField):
        return _end
    long = isinstance(field, models.CharField) and not field.choices and (field.max_length or 0) > _LONG
    return cut if long or isinstance(field, models.TextField) else None


def one_line(text: str) -> str:
    """Not broken at its spaces: an amount with its currency."""
    return format_html('<span class="whitespace-nowrap">{}</span>', text)


def moment(at: datetime) -> str:
    """Machine or business time, whatever the column holds; in UTC."""
    return one_line(f"{at:%Y-%m-%d %H:%M:%S}")


def cut(text: Any) -> str:
    """At most so wide; the whole is in its tip."""
    look = "display:block;max-width:16rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
    return format_html('<span style="{}" title="{}">{}</span>', look, text, text) if text else ""


def _end(key: Any) -> str:
    """An id of 36 letters takes four lines: its end tells rows apart, the whole is in its tip."""
    return format_html('<span class="font-mono whitespace-nowrap" title="{}">…{}</span>', key, str(key)[-12:])
