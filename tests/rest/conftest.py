from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from engine.core.actor import SYSTEM
from engine.rest import head, keys


class Api:
    """The API as a caller has it: a key, JSON in, JSON out."""

    def __init__(self, secret: str, **headers: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {secret}", **headers}

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.client.get(path, headers=self.headers | headers)  # type: ignore[return-value]

    def post(
        self, path: str, body: Any = None, *, key: str = "", raw: bytes | None = None, **headers: str
    ) -> Any:
        sent = self.headers | headers | ({"Idempotency-Key": key} if key else {})
        data = raw if raw is not None else json.dumps(body if body is not None else {}).encode()
        return self.client.generic("POST", path, data, content_type="application/json", headers=sent)


@pytest.fixture
def api(db: None) -> Callable[..., Api]:
    """A caller with the scopes that it is given; admin by default."""

    def make(*scopes: str, **headers: str) -> Api:
        made = keys.create("tests", scopes or ("admin:write",), by=SYSTEM)
        return Api(made.secret, **headers)

    return make


@cache
def explained() -> str:
    """The page that `doc_url` leads to."""
    return Client().get("/docs/errors/").content.decode()


def fault(response: Any) -> tuple[int, str, str | None]:
    """Status, code and field of an error, after a check of its shape and that `doc_url` leads to its code."""
    error = response.json()["error"]
    assert set(error) - {"errors"} == {
        "type", "code", "message", "param", "doc_url", "request_id", "money_moved", "retry",
    }  # fmt: skip
    assert error["request_id"] == response["Request-Id"]
    assert error["doc_url"] == f"/docs/errors/#{error['code']}"
    for each in (error, *error.get("errors", ())):
        assert f'<dt id="{each["code"]}">' in explained(), (
            f"{each['code']} has no page: docs/codes.py, docs/make.py"
        )
    return response.status_code, error["code"], error["param"]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was made a moment ago may be followed upwards, where nobody else is at work."""
    monkeypatch.setattr(head, "SLACK", timedelta(0))
