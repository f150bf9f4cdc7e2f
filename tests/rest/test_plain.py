"""What `plain` writes is what the shape itself would write."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework import serializers

from engine.core import clock
from engine.core.ids import uuid7
from engine.rest.api import KeyShape
from engine.rest.models import ApiKey
from engine.rest.plain import plain
from engine.rest.shapes import IdField, KindField, MajorField


class Inner(serializers.Serializer[Any]):
    no = serializers.IntegerField()


class Everything(serializers.Serializer[Any]):
    id = IdField("plan")
    object = KindField("plan")
    price = MajorField("price_minor")
    other = IdField("plan", source="other_id", allow_null=True)
    deep = serializers.CharField(source="inner.name")
    lines = Inner(many=True, allow_null=True, default=None, source="attached")
    numbers = serializers.ListField(child=serializers.IntegerField())
    said = serializers.SerializerMethodField()
    secret = serializers.CharField(write_only=True)

    def get_said(self, row: Any) -> str:
        return f"{row.id}!"


def row(**changes: Any) -> Any:
    kept = {"id": uuid7(), "price_minor": 1500, "currency": "USDC", "other_id": None, "numbers": [1, 2],
            "inner": SimpleNamespace(name="n")}  # fmt: skip
    return SimpleNamespace(**(kept | changes))


@pytest.mark.parametrize("changes", [{}, {"other_id": uuid7()}, {"attached": [SimpleNamespace(no=1)]},
                                     {"currency": "GONE"}, {"price_minor": None}])  # fmt: skip
def test_a_row_is_written_as_its_shape_writes_it(changes):
    one = row(**changes)
    assert plain(one, Everything) == dict(Everything(one).data)


def test_a_model_and_a_mapping_too(db):
    key = ApiKey(id=uuid7(), name="n", prefix="p", scopes=["plans:read"], created_at=clock.machine_now())
    assert plain(key, KeyShape) == dict(KeyShape(key).data)
    assert plain({"no": 3}, Inner) == {"no": 3}


def test_a_column_that_is_not_there_is_a_bug():
    with pytest.raises(AttributeError):
        plain(SimpleNamespace(id=uuid7()), Everything)


def test_a_shape_that_writes_itself_is_let():
    class Own(Inner):
        def to_representation(self, instance: Any) -> Any:
            return {"own": instance.no}

    assert plain(SimpleNamespace(no=4), Own) == {"own": 4}
