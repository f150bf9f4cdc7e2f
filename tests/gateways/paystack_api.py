"""A caller of the simulated Paystack that holds every request and answer against the published specification.

The specification (tests/specs, MIT) has three defects of which Paystack's own samples fall foul: looked-up transfers
have nulls where it wants text, it doesn't know the answer by which a charge is paused, and its list of settlements has
the general answer's one object for data, with no word of what a settlement looks like. Those alone are allowed.
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import yaml
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError

FILE = Path(__file__).parents[1] / "specs" / "paystack-openapi-9678dea9.yaml"
KEY = "sk_test_simulator"
NULLS = {("data", "recipient", "email"), ("data", "recipient", "details", "account_name")}


@functools.cache
def specification(base: str) -> OpenAPI:
    """The specification with the simulator for its server."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one takes a tenth of the time
    document = yaml.load(FILE.read_text(), Loader=loader)  # noqa: S506 - it is a safe one
    document["servers"] = [{"url": base}]
    return OpenAPI.from_dict(document)


class Api:
    """``call`` gives status and JSON of an answer that fits."""

    def __init__(self, url: str, key: str = KEY) -> None:
        self.base = f"{url}/paystack"
        self._session = requests.Session()
        self._session.trust_env = False
        self._headers = {"Authorization": f"Bearer {key}"}

    def call(
        self, verb: str, path: str, body: Any = None, *, wrong: bool = False, timeout: float = 10
    ) -> Any:
        """The answer. ``wrong``: the request is meant not to fit."""
        request = requests.Request(verb, self.base + path, headers=self._headers, json=body)
        prepared = self._session.prepare_request(request)
        asked = RequestsOpenAPIRequest(prepared)
        if not wrong:
            specification(self.base).validate_request(asked)
        answer = self._session.send(prepared, timeout=timeout)
        found = list(faults_of(self.base, asked, answer))
        assert found == [], f"{verb} {path}: {found}"
        return answer.status_code, answer.json()

    def good(self, verb: str, path: str, body: Any = None) -> Any:
        """The ``data`` of an answer that accepts."""
        status, found = self.call(verb, path, body)
        assert status in (200, 201) and found["status"] is True, found
        return found.get("data")


def faults_of(base: str, asked: Any, answer: requests.Response) -> Iterator[str]:
    """Where an answer differs from the specification."""
    try:
        specification(base).validate_response(asked, RequestsOpenAPIResponse(answer))
    except OpenAPIError as error:
        causes = getattr(error.__cause__, "schema_errors", None)
        if causes is None:
            yield f"{error!r} {error.__cause__!r}"
            return
        for each in causes:
            if not _allowed(tuple(each.absolute_path), each.validator, answer):
                yield f"{'.'.join(map(str, each.absolute_path))}: {each.message[:200]}"


def _allowed(path: tuple[Any, ...], validator: str, answer: requests.Response) -> bool:
    if "/transfer/verify/" in answer.url:
        return path in NULLS
    if urlsplit(answer.url).path.endswith("/settlement"):
        return path == ("data",) and validator == "type" and isinstance(answer.json()["data"], list)
    paused = answer.url.endswith("/charge_authorization") and answer.json()["data"].get("paused") is True
    return paused and path == ("data",) and validator == "required"
