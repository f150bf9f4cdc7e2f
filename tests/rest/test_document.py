"""The OpenAPI document is valid, made without a warning, and every example in it is of its schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft4Validator

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def test_it_is_valid_and_made_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "openapi.yaml"))


def test_every_example_is_of_its_schema(document) -> None:
    schemas = _as_json_schema(document["components"]["schemas"])
    looked, wrong = 0, []
    for name, schema, value in _examples(document):
        whole = {"allOf": [_as_json_schema(schema)], "components": {"schemas": schemas}}
        looked += 1
        wrong += [
            f"{name}: {each.json_path} {each.message}" for each in Draft4Validator(whole).iter_errors(value)
        ]
    assert looked > 100
    assert not wrong, "\n".join(wrong)


def test_every_refusal_has_an_example_whose_code_is_explained(document) -> None:
    known = (CHECKOUT / "docs/errors.md").read_text()
    for name, answer in document["components"]["responses"].items():
        if name.startswith("Error"):
            shown = answer["content"]["application/json"]["examples"]["refused"]["value"]["error"]
            assert f'id="{shown["code"]}"' in known, name


def test_no_example_is_cut_short(document) -> None:
    assert not [name for name, _, value in _examples(document) if "…" in str(value)]


def test_every_answer_says_which_headers_it_has(document) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            sent = {each["name"] for each in operation.get("parameters", ())}
            keyless = operation.get("security") == [{}]  # no key: no words of one, no limits
            for code, answer in operation["responses"].items():
                named = _resolved(document, answer).get("headers", {}).keys()
                replayed = method == "post" and code < "300" and not keyless
                assert ("Idempotent-Replayed" in named) == replayed, (path, code)
                if path != "/health":
                    assert {"Request-Id", "Clearbeat-Version"} <= named
                if not keyless:
                    assert ("Dry-Run" in named) == ("dry_run" in sent or code >= "300"), (path, code)
                    assert ("RateLimit-Remaining" in named) == (code != "406"), (path, code)


def test_answers_have_the_headers_that_the_document_names(api, document) -> None:
    """Of what was done, replayed, refused and tried."""
    caller, key = api(), {"name": "shop", "scopes": ["plans:read"]}
    answers = [
        caller.post("/api/keys", key, key="one"), caller.post("/api/keys", key, key="one"), caller.get("/api/keys"),
        caller.get("/api/keys", Authorization="Bearer wrong"), caller.get("/api/keys?limit=0"),
        caller.post("/api/creators?dry_run=true", {"name": "Ada"}), caller.post("/api/creators?dry_run=true"),
    ]  # fmt: skip
    ours = document["components"]["headers"].keys()
    for answer in answers:
        asked = answer.wsgi_request
        documented = document["paths"][asked.path][asked.method.lower()]["responses"]
        told = _resolved(document, documented[str(answer.status_code)])
        assert ours & answer.headers.keys() <= told["headers"].keys()
    assert [answer.get("Idempotent-Replayed") for answer in answers[:2]] == [None, "true"]
    assert [(answer.status_code, answer["Dry-Run"]) for answer in answers[-2:]] == [
        (201, "true"),
        (400, "true"),
    ]


def _examples(document: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts = {"request": operation["requestBody"]} if "requestBody" in operation else {}
            for part, each in {**parts, **operation["responses"]}.items():
                content = _resolved(document, each)["content"]["application/json"]
                for name, example in content.get("examples", {}).items():
                    yield f"{method} {path} {part} {name}", content["schema"], example["value"]


def _resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    return document["components"]["responses"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def _as_json_schema(part: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema has a second type."""
    if isinstance(part, list):
        return [_as_json_schema(each) for each in part]
    if not isinstance(part, dict):
        return part
    plain = {name: _as_json_schema(each) for name, each in part.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if part.get("nullable") is True else plain


def test_the_page_of_the_document_has_all_that_it_shows(client: Client) -> None:
    """Nothing of it comes from elsewhere: a browser in a closed network reads the same page."""
    page = client.get("/api/docs").content.decode()
    asked = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert asked and all(each.startswith("/static/") for each in asked), asked
    assert [each for each in asked if finders.find(each.removeprefix("/static/")) is None] == []
    assert 'url: "/api/schema"' in page
    assert client.get("/api/schema").status_code == 200
