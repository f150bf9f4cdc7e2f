"""Lists that are asked by the metadata that callers gave: `?metadata[order]=A-17`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from engine.core.metadata import LONGEST_NAME, LONGEST_VALUE, MOST
from engine.rest import pages
from engine.rest.shapes import MetadataField

M = TypeVar("M", bound=Model)
_NAMED = re.compile(r"metadata\[(.*)\]", re.DOTALL)


@extend_schema_field({"type": "object", "maxProperties": MOST, "example": {"order": "A-17"}, "additionalProperties": {
                      "type": "string", "minLength": 1, "maxLength": LONGEST_VALUE}})  # fmt: skip
class SoughtField(MetadataField):
    """Texts by name, all of which must be there as they are."""

    default_error_messages = {"invalid": f"is sought by name: metadata[order]=A-17, at most {MOST} of them"}


class MetadataQuery(pages.PageQuery):
    """The query of a list whose objects have metadata."""

    metadata = SoughtField(
        required=False,
        help_text="`metadata[order]=A-17`: those that carry each of these texts under its name",
    )

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(_folded(data))


def having(found: QuerySet[M], asked: Mapping[str, Any]) -> QuerySet[M]:
    """Those of `found` that carry what `asked["metadata"]` says. Stands on a GIN index of the table, which leaves
    out rows without metadata. Reads up to pages.FEW ids.
    """
    if not asked.get("metadata"):
        return found
    return pages.picked(found.exclude(metadata={}).filter(metadata__contains=asked["metadata"]), asked)


def _folded(data: Mapping[str, str]) -> dict[str, Any]:
    """`metadata[a]=1&metadata[b]=2` as one object. Raises ValidationError naming the parameter."""
    sought, rest = {}, {}
    for parameter, text in data.items():
        read = _NAMED.fullmatch(parameter)
        if read is None:
            rest[parameter] = text
        elif 0 < len(read[1]) <= LONGEST_NAME and 0 < len(text) <= LONGEST_VALUE:
            sought[read[1]] = text
        else:
            said = f"is a name of up to {LONGEST_NAME} characters and a text of up to {LONGEST_VALUE}"
            raise serializers.ValidationError({parameter: [said]}, code="metadata_invalid")
    return {"metadata": sought, **rest} if sought else rest
