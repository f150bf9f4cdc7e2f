"""The one way in which an adapter speaks HTTP: `exchange` sends a call once and says what is known of it.

A status of any kind is an Answer, 5xx too: what it means for money is the adapter's to say. Only 429 is a
fault of its own, because it says that nothing was begun.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from engine.providers.edge import breaker, limiter, wire
from engine.providers.edge.faults import Fault, Limited, NoAnswer
from engine.providers.edge.limiter import Limit

log = structlog.get_logger(__name__)
_IDLE_SECONDS, _IDLE_SECONDS_READING = 4.0, 30.0
_OUR_OWN = ("not_sent", "no_time")  # it can't be built, or we were too slow: no fault of the provider's
_REQUEST_IDS = ("Request-Id", "X-Request-Id", "X-Trace-Id", "X-Correlation-Id", "CF-Ray")


@dataclass(frozen=True, slots=True)
class Call:
    """One request as its bytes will leave. Its text shows neither headers, body nor query: they may hold a key.

    `deadline`: seconds in all, from the call of `exchange`; `read_seconds`: of silence at most.
    `operation` names the breaker: look-ups have their own, so that failing sends never block recovery.
    `limit`: whose outbound limit it takes its room from, and a 429 holds back; None is for what has none.
    """

    provider: str
    operation: str
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    deadline: float
    read_seconds: float
    may_move_money: bool
    limit: Limit | None

    def __str__(self) -> str:
        return f"{self.provider} {self.operation}: {self.method} {wire.host_of(self.url)}{_path(self.url)}"

    @property
    def digest(self) -> str:
        """sha256 (hex) over `METHOD URL`, a line feed, and the body."""
        return hashlib.sha256(f"{self.method} {self.url}\n".encode() + self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said. `response_digest` is the sha256 of the body's bytes; `seconds` the whole exchange."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str  # the provider's own, "" where it names none
    request_digest: str
    response_digest: str
    seconds: float

    def json(self) -> Any:
        """The body as JSON, fractions as Decimal. Raises NoAnswer where it is none."""
        try:
            return json.loads(self.body, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError):
            pass
        raise NoAnswer("unreadable", f"the answer (HTTP {self.status}) is no JSON")

    @property
    def trace(self) -> dict[str, Any]:
        """What is stored with the evidence; no secrets."""
        return {
            "status": self.status,
            "request_id": self.request_id,
            "request_digest": self.request_digest,
            "response_digest": self.response_digest,
            "seconds": round(self.seconds, 3),
        }


def exchange(call: Call) -> Answer:
    """Send once, within `call.deadline`. Calls out; no retry, no redirect, at most HTTP_BODY_BYTES_MAX of answer.

    Raises NotSent (nothing left, also where the breaker is open or our limit has no room), NoAnswer (it left and may
    have been acted upon) or Limited (429). Transport faults and 5xx count against the breaker, what a provider says
    never does.
    """
    if call.limit:
        limiter.enter(call.provider, call.limit)
    allowed = breaker.enter(call.provider, call.operation, lease_seconds=call.deadline + 1)
    begun = time.monotonic()
    try:
        raw = wire.send(call.method, call.url, call.headers, call.body, limits=_limits(call))
    except Fault as fault:
        if fault.code not in _OUR_OWN:
            breaker.leave(allowed, healthy=False)
        fault.request_digest = call.digest
        log.warning("provider gave no answer", call=str(call), code=fault.code, reason=fault.message)
        raise
    breaker.leave(allowed, healthy=raw.status < 500)
    answer = Answer(
        raw.status,
        raw.headers,
        raw.body,
        request_id=_request_id(raw.headers),
        request_digest=call.digest,
        response_digest=hashlib.sha256(raw.body).hexdigest(),
        seconds=time.monotonic() - begun,
    )
    log.debug("provider answered", call=str(call), **answer.trace)
    if raw.status == 429:
        raise _limited(call, answer)
    return answer


def _limits(call: Call) -> wire.Limits:
    return wire.Limits(
        seconds=call.deadline,
        connect_seconds=settings.ENV.http_connect_seconds,
        read_seconds=call.read_seconds,
        bytes_max=settings.ENV.http_body_bytes_max,
        idle_seconds=_IDLE_SECONDS if call.may_move_money else _IDLE_SECONDS_READING,
    )


def _limited(call: Call, answer: Answer) -> Limited:
    wait = wire.retry_after(answer.headers.get("Retry-After"))
    if call.limit:
        limiter.hold_back(call.limit, seconds=wait or 1.0)
    fault = Limited(f"{call.provider} limits our rate", wait, answer)
    fault.request_digest = answer.request_digest
    return fault


def _request_id(headers: Mapping[str, str]) -> str:
    named = next((headers[name] for name in _REQUEST_IDS if headers.get(name)), "")
    return "".join(each for each in named if each.isascii() and each.isprintable())[:128]


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
