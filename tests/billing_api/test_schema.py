"""The examples in the OpenAPI document have the fields of their shapes (what each operation must show: tests/rest)."""

from __future__ import annotations

import pytest

from billing.api import examples, methods, shapes
from engine.rest import ids

SHOWN = {
    shapes.CustomerShape: examples.CUSTOMER, shapes.CreatorShape: examples.CREATOR, shapes.PlanShape: examples.PLAN,
    shapes.PlanVersionShape: examples.PLAN_VERSION, shapes.SubscriptionShape: examples.SUBSCRIPTION,
    shapes.StoppedShape: examples.STOPPED, shapes.TriggeredShape: examples.TRIGGERED,
    methods.ReplacedShape: examples.REPLACED, shapes.InvoiceShape: examples.INVOICE,
    shapes.LineShape: examples.INVOICE["lines"][0],
}  # fmt: skip


@pytest.mark.parametrize("shape", SHOWN, ids=lambda shape: shape.__name__)
def test_examples_have_the_fields_of_their_shape(shape):
    """In any order; ids begin as their kind's do, and read back."""
    fields, shown = shape().fields, SHOWN[shape]
    assert shown.keys() == fields.keys()
    for name, field in fields.items():
        kind = getattr(field, "kind", None)
        if kind in ids.PREFIXES and name != "object" and shown[name] is not None:
            assert ids.read(kind, shown[name]), name
            assert shown[name].startswith(ids.PREFIXES[kind]), name


@pytest.mark.parametrize(("path", "sent"), [
    ("/api/customers", {"name": "Ada Okafor", "email": "ada@example.com", "zone": "Africa/Lagos"}),
    ("/api/creators", {"name": "Studio Nine", "fee_bps": 250}),
])  # fmt: skip
def test_answers_have_the_fields_of_the_examples(caller, path, sent):
    known = examples.CUSTOMER if path.endswith("customers") else examples.CREATOR
    assert caller.post(path, sent).json().keys() == known.keys()
