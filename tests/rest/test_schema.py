"""The whole OpenAPI document: every operation says what it does, shows its answer and what is sent."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import Mock

import pytest
from drf_spectacular.generators import SchemaGenerator

from engine.rest import api
from ops.api import health

_METHODS = ("get", "post", "patch", "put", "delete")
# The endpoints of source 000 keep its paths, envelopes and codes; health is open to everybody.
_OF_THE_SOURCES = re.compile(
    r"/api/(jobs|payments/(process|process-due|maintenance|metrics|upcoming|scheduler))(/|$)|.*/trigger-payment|/health"
)
_CODES = {"400", "401", "403", "404", "409", "429", "503"}


@pytest.fixture(scope="module")
def operations() -> dict[str, Any]:
    document = SchemaGenerator().get_schema(request=None, public=True)
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in _METHODS
    }


def examples_of(content: dict[str, Any]) -> dict[str, Any]:
    return content.get("application/json", {}).get("examples", {})


def test_every_operation_says_what_it_does(operations):
    names = [operation["operationId"] for operation in operations.values()]
    assert len(operations) > 70
    assert len(set(names)) == len(names)
    assert not [name for name, operation in operations.items() if len(operation["description"]) < 10]


def test_every_operation_shows_its_answer(operations):
    bare = []
    for name, operation in operations.items():
        good = [code for code in operation["responses"] if code.startswith("2")]
        assert len(good) == 1, name
        if not examples_of(operation["responses"][good[0]]["content"]):
            bare.append(name)
    assert not bare


def test_every_operation_that_takes_a_body_shows_one(operations):
    takers = {
        name: each["requestBody"]["content"] for name, each in operations.items() if "requestBody" in each
    }
    assert len(takers) > 20
    assert not [name for name, content in takers.items() if not examples_of(content)]


def test_our_own_operations_name_their_scope_key_and_refusals(operations):
    ours = {
        name: each
        for name, each in operations.items()
        if not _OF_THE_SOURCES.match(name.split()[1]) and each.get("security") != [{}]  # a door without a key
    }
    assert len(ours) > 55
    scopeless = [name for name, each in ours.items() if "Scope: `" not in each["description"]]
    assert scopeless == ["GET /api/requests/{key}"]  # a key's own answers, whatever its scopes
    assert not [name for name, each in ours.items() if not each["responses"].keys() >= _CODES]
    posts = {name: each for name, each in ours.items() if name.startswith("POST")}
    keyless = [name for name, each in posts.items() if "Idempotency-Key" not in str(each["parameters"])]
    assert len(posts) > 20
    assert not keyless


def test_it_is_made_once_for_whoever_asks(client, monkeypatch):
    first = [client.get("/api/schema"), client.get("/api/schema?format=json")]
    assert [each["Content-Type"] for each in first] == [
        "application/vnd.oai.openapi", "application/vnd.oai.openapi+json",
    ]  # fmt: skip
    monkeypatch.setattr(SchemaGenerator, "get_schema", Mock(side_effect=AssertionError("made again")))
    again = [client.get("/api/schema?lang=de"), client.get("/api/schema?format=json&version=2")]
    assert [each.content for each in again] == [each.content for each in first]


def test_health_is_in_it_with_both_answers(operations):
    health = operations["GET /health"]
    assert set(health["responses"]) == {"200", "503"}
    assert "security" not in health or health["security"] == [{}]


@pytest.mark.parametrize(("shape", "shown"), [(api.KeyShape, api._KEY), (api.AnswerShape, api._ANSWER)])
def test_examples_have_the_fields_of_their_shape(shape, shown):
    assert shown.keys() == shape().fields.keys()


def test_the_example_of_health_has_its_fields(client, db):
    assert client.get("/health").json().keys() - {"error", "errors"} == health._EXAMPLE.keys()
