"""Texts by name that callers keep with their objects: we store them and find by them, and never read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db.models import Q

from engine.core.errors import Refusal

MOST, LONGEST_NAME, LONGEST_VALUE = 50, 40, 500


def by_metadata(name: str) -> GinIndex:
    """The index that finds rows by their `metadata`. Rows without any are not in it: to write them costs nothing."""
    return GinIndex(fields=["metadata"], opclasses=["jsonb_path_ops"], condition=~Q(metadata={}), name=name)


def check_metadata(value: object) -> dict[str, Any]:
    """`value` as a dict, if it is one or None. Raises Refusal."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Refusal("metadata_invalid", "metadata is an object", param="metadata")
    return dict(value)


def merge_metadata(kept: Mapping[str, Any], given: object) -> dict[str, Any]:
    """`kept` with what is `given` by name; an empty text takes its name away. At most MOST names stay.

    Raises Refusal.
    """
    both = {**kept, **check_metadata(given)}
    left = {name: value for name, value in both.items() if value != ""}
    if len(left) > max(MOST, len(kept)):
        raise Refusal("metadata_invalid", f"metadata has at most {MOST} names", param="metadata")
    return left
