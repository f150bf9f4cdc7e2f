"""What reaches the product through a real server: a chunked body is refused, never read as an empty one."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from sandbox.live.house import House

pytestmark = pytest.mark.live


def post(address: str, path: str, key: str, body: bytes, *, chunked: bool) -> tuple[int, dict[str, Any]]:
    """Status and document of a POST to the running product."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        if chunked:
            connection.request("POST", path, iter([body]), {**headers, "Transfer-Encoding": "chunked"},
                               encode_chunked=True)  # fmt: skip
        else:
            connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_chunked_body_is_refused_in_our_shape(home: House, address: str) -> None:
    key = home.nursery.errand("api_key")
    status, made = post(
        address, "/api/keys", key, b'{"name": "old", "scopes": ["plans:read"]}', chunked=False
    )
    assert status == 201, made
    rotate = f"/api/keys/{made['id']}/rotate"
    for path, body in ((rotate, b'{"overlap_seconds": 0}'), (rotate, b'{"bogus": 1}'),
                       ("/api/keys", b'{"a": "' + b"x" * 200_000 + b'"}')):  # fmt: skip
        status, said = post(address, path, key, body, chunked=True)
        assert (status, said["error"]["code"]) == (411, "length_required"), said
    assert post(address, rotate, key, b'{"overlap_seconds": 0}', chunked=False)[0] == 201
