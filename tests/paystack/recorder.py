"""Every call that the adapter makes, held with its answer against Paystack's published specification."""

from __future__ import annotations

from dataclasses import dataclass, field

import requests
from openapi_core.contrib.requests import RequestsOpenAPIRequest

from engine.providers.edge import http
from engine.providers.edge.http import Answer, Call
from tests.gateways.paystack_api import faults_of, specification


@dataclass
class Recorder:
    """`calls` are those that left, in order, with their answers; None where there was none."""

    base: str
    calls: list[tuple[Call, Answer | None]] = field(default_factory=list)
    misfits: bool = False  # this test means to ask what does not fit

    def exchange(self, call: Call) -> Answer:
        """In place of the edge's own."""
        answer = None
        try:
            answer = EXCHANGE(call)
        finally:
            self.calls.append((call, answer))
        return answer

    def routes(self) -> list[str]:
        """Verb and path of each call, without references."""
        return [
            f"{call.method} {call.url.removeprefix(self.base).partition('?')[0]}" for call, _ in self.calls
        ]

    def check(self) -> None:
        """Each request by the specification, and each answer that somebody meant to give."""
        for call, answer in self.calls:
            if not call.url.startswith(self.base):
                continue  # nobody's server
            request = requests.Request(call.method, call.url, dict(call.headers), data=call.body or None)
            asked = RequestsOpenAPIRequest(request.prepare())
            if not self.misfits:
                specification(self.base).validate_request(asked)
            if answer is not None and _is_meant(answer):
                found = list(faults_of(self.base, asked, _response(call, answer)))
                assert found == [], f"{call}: {found}"


EXCHANGE = http.exchange


def _is_meant(answer: Answer) -> bool:
    try:
        return answer.status < 409 and isinstance(answer.json(), dict)
    except http.NoAnswer:
        return False


def _response(call: Call, answer: Answer) -> requests.Response:
    made = requests.Response()
    made.status_code, made._content, made.url = answer.status, answer.body, call.url
    made.headers.update(answer.headers)
    return made
