"""The OpenAPI document says of every endpoint of billing what it does, and shows it; the examples are true."""

from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator

from billing.api import examples, shapes
from engine.rest import ids

PATHS = ("customers", "creators", "plans", "subscriptions", "invoices")
SHOWN = {
    shapes.CustomerShape: examples.CUSTOMER, shapes.CreatorShape: examples.CREATOR, shapes.PlanShape: examples.PLAN,
    shapes.PlanVersionShape: examples.PLAN_VERSION, shapes.SubscriptionShape: examples.SUBSCRIPTION,
    shapes.StoppedShape: examples.STOPPED, shapes.TriggeredShape: examples.TRIGGERED,
    shapes.InvoiceShape: examples.INVOICE, shapes.LineShape: examples.INVOICE["lines"][0],
}  # fmt: skip


@pytest.fixture(scope="module")
def operations():
    document = SchemaGenerator().get_schema(request=None, public=True)
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path.startswith(tuple(f"/api/{name}" for name in PATHS)) and "trigger-payment" not in path
    }


def examples_of(content):
    return content.get("application/json", {}).get("examples", {})


def test_every_operation_says_what_it_does(operations):
    assert len(operations) == 32
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)
    assert not [name for name, operation in operations.items() if len(operation["description"]) < 10]
    assert not [name for name, operation in operations.items() if "Scope: `" not in operation["description"]]


def test_every_operation_shows_its_answer_and_what_is_sent(operations):
    for name, operation in operations.items():
        good = [code for code in operation["responses"] if code.startswith("2")]
        assert len(good) == 1, name
        assert examples_of(operation["responses"][good[0]]["content"]), name
        if name.startswith("POST"):
            assert examples_of(operation["requestBody"]["content"]), name
            assert "Idempotency-Key" in [each["name"] for each in operation["parameters"]], name
        assert {"400", "401", "403", "404", "409", "429", "503"} <= operation["responses"].keys()


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
