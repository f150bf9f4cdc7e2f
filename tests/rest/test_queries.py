"""What an endpoint does not know is refused in the query too: a `dry_run` that nobody looks at would move money."""

from __future__ import annotations

import re

import pytest
from drf_spectacular.generators import SchemaGenerator

from engine.rest.models import ApiKey

KEY = {"name": "shop", "scopes": ["plans:read"]}
SOME = "0198c0de000070008000000000000001"


def _operations() -> list[tuple[str, str]]:
    document = SchemaGenerator().get_schema(request=None, public=True)
    return [
        (method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/api/")
        and operation.get("security") != [{}]  # what needs no key is not asked by callers
    ]


def test_every_endpoint_refuses_a_parameter_that_it_does_not_know(api):
    caller, wrong = api(), []
    for method, path in _operations():
        there = re.sub(r"{\w+}", SOME, path)
        answer = (caller.get if method == "get" else caller.post)(f"{there}?zz=1")
        found = answer.json()
        error = found.get("error_detail") or found.get("error") or {}
        if (answer.status_code, error.get("code"), error.get("param")) != (400, "field_unknown", "zz"):
            wrong.append(f"{method} {path}: {answer.status_code} {found}")
    assert not wrong


@pytest.mark.parametrize("query", ["zz=1", "name=shop", "zz=1&zz=2", "zz=%00"])
def test_a_post_takes_nothing_from_its_query(api, query):
    assert api().post(f"/api/keys?{query}", KEY, key="k").status_code == 400
    assert not ApiKey.objects.filter(name="shop").exists()
