"""The OpenAPI document says of every endpoint of payments and events what it does, and shows it; examples are true."""

from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator

from engine.outbox import api as events
from payments.api import examples, shapes

PATHS = ("payments", "attempts", "cases", "payment_methods", "events")
THE_SOURCES = ("process", "maintenance", "upcoming", "scheduler", "metrics")
SHOWN = {
    shapes.PaymentMethodShape: examples.METHOD, shapes.MethodAskedShape: examples.METHOD_ASKED,
    shapes.ApprovalShape: examples.APPROVAL, shapes.AttemptShape: examples.ATTEMPT,
    shapes.AttemptWholeShape: examples.ATTEMPT_WHOLE, shapes.EvidenceShape: examples.EVIDENCE,
    shapes.PaymentShape: examples.PAYMENT, shapes.AcceptedShape: examples.ACCEPTED,
    shapes.MomentShape: examples.TIMELINE["data"][0], shapes.CaseShape: examples.CASE,
    events.EventShape: events._EVENT,
}  # fmt: skip


@pytest.fixture(scope="module")
def operations():
    document = SchemaGenerator().get_schema(request=None, public=True)
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if [*path.split("/"), ""][2] in PATHS and [*path.split("/"), ""][3].split("-")[0] not in THE_SOURCES
    }


def examples_of(content):
    return content.get("application/json", {}).get("examples", {})


def test_every_operation_says_what_it_does(operations):
    assert len(operations) == 21
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


@pytest.mark.parametrize("shape", SHOWN, ids=lambda shape: shape.__name__)
def test_examples_have_the_fields_of_their_shape(shape):
    assert SHOWN[shape].keys() == shape().fields.keys()
