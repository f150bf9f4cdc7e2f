"""Shapes of bodies, queries and answers: strict on the way in, plain on the way out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from engine.core import money
from engine.core.metadata import LONGEST_NAME, LONGEST_VALUE, MOST
from engine.rest import ids


class Shape(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know, instead of ignoring them."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = [name for name, field in self.fields.items() if not field.read_only]
            unknown = sorted(str(name) for name in data if name not in known)
            if unknown:
                said = (
                    f"is not known here; there are: {', '.join(known)}" if known else "takes no fields here"
                )
                raise serializers.ValidationError({name: [said] for name in unknown}, code="field_unknown")
        return super().to_internal_value(data)


class IdField(serializers.Field[UUID, str, str, Any]):
    """An id of one kind: `cus_…` out; prefixed or bare in."""

    default_error_messages = {"invalid": "is no {kind} id, such as {example}"}

    def __init__(self, kind: str, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(**kwargs)

    def to_internal_value(self, data: str) -> UUID:
        found = ids.read(self.kind, data)
        if found is None:
            self.fail("invalid", kind=self.kind, example=f"{ids.PREFIXES[self.kind]}_0198c0de…")
        return found

    def to_representation(self, value: UUID) -> str:
        return ids.show(self.kind, value)


class WholeOrIdField(IdField):
    """An id that `expand` replaces by its object."""

    def __init__(self, kind: str, shape: type[serializers.Serializer[Any]], **kwargs: Any) -> None:
        self.shape = shape
        super().__init__(kind, **kwargs)


class OfRow(serializers.Field[Any, Any, Any, Any]):
    """What is computed from the whole row."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs |= {"source": "*", "read_only": True}
        super().__init__(**kwargs)


class KindField(OfRow):
    """`object`: what this is."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(**kwargs)

    def to_representation(self, value: Any) -> str:
        return self.kind


@extend_schema_field(bool)
class LiveField(OfRow):
    """`livemode`: whether this deployment moves real money."""

    def to_representation(self, value: Any) -> bool:
        return bool(settings.ENV.livemode)


@extend_schema_field({"type": "string", "nullable": True, "pattern": r"^-?\d+(\.\d+)?$", "example": "12.50"})
class MajorField(OfRow):
    """The amount in the row's `minor` column as text in major units; null for a currency that is gone."""

    def __init__(self, minor: str, **kwargs: Any) -> None:
        self.minor = minor
        super().__init__(**kwargs)

    def to_representation(self, value: Any) -> str | None:
        return major(getattr(value, self.minor), value.currency)


class MinorField(serializers.IntegerField):
    """An amount in whole minor units. A float, a text or a truth value is refused, not rounded."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"max_value": money.MAX_MINOR, "min_value": -money.MAX_MINOR} | kwargs))

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeField(MinorField):
    """A whole number of up to 32 bits, typed as one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"max_value": 2**31 - 1, "min_value": 0} | kwargs))


class TextField(serializers.CharField):
    """Text that was sent as text: numbers and truth values are refused, not turned into it."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        # Of what was sent, with the blanks at its ends, as the document has it.
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class TruthField(serializers.BooleanField):
    """`true` or `false`, and none of the words that look like them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class MomentField(serializers.DateTimeField):
    """RFC 3339 with an offset; UTC with a Z on the way out."""

    default_error_messages = {"invalid": "is no moment with its offset, such as 2026-01-31T09:30:00Z"}

    def to_internal_value(self, value: Any) -> datetime:
        read = _moment(value)
        if read is None:
            self.fail("invalid")
        return read

    def to_representation(self, value: Any) -> str:
        return str(value.astimezone(UTC).isoformat().replace("+00:00", "Z"))


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "maxLength": LONGEST_VALUE},
                      "maxProperties": MOST, "example": {"order": "A-17"}})  # fmt: skip
class MetadataField(serializers.Field[dict[str, str], Any, dict[str, str], Any]):
    """Up to 50 texts by name, the caller's own."""

    default_error_messages = {
        "invalid": f"is an object of at most {MOST} texts: names up to {LONGEST_NAME} characters, values up "
        f"to {LONGEST_VALUE}"
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        good = isinstance(data, dict) and len(data) <= MOST
        good = good and all(
            0 < len(name) <= LONGEST_NAME and isinstance(value, str) and len(value) <= LONGEST_VALUE
            for name, value in data.items()
        )
        if not good:
            self.fail("invalid")
        return dict(data)

    def to_representation(self, value: dict[str, str]) -> dict[str, str]:
        return value


def major(minor: int | None, currency: str) -> str | None:
    """An amount as text in major units, `12.50`: what people read beside the minor units."""
    if minor is None:
        return None
    try:
        return format(money.to_major(minor, currency), "f")
    except money.MoneyError:
        return None


def _moment(value: object) -> datetime | None:
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        good = read is not None and read.tzinfo is not None and read.year >= 1970
        return read.astimezone(UTC) if read is not None and good else None
    except (ValueError, OverflowError):
        return None
