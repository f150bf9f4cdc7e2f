"""Every request has an id: in the answer's header, in each line of the log, in the audit, in the error.

An answer of the API also says of which version it is. None comes in with a card number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse

from engine.core import cards
from engine.core.ids import uuid7
from engine.rest import version
from engine.rest.errors import Fault, body

_GOOD = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestId:
    """Takes the caller's X-Request-ID where it is a plain word, else makes one; says it in Request-Id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        made: UUID = uuid7()
        good = _GOOD.fullmatch(given) and not cards.holds(given)
        request_id = given if good else f"req_{made.hex}"
        bound = {"request_id": request_id, "correlation_id": str(made)}
        with structlog.contextvars.bound_contextvars(**bound):
            response = self.get_response(request)
        response["Request-Id"] = request_id
        if _of_api(request):
            response[version.HEADER] = version.NOW
        return response


class NoCardNumbers:
    """A request whose address or form holds what looks like a card number is answered 400, and nothing of it is kept.

    The API's bodies are looked through as they are read (reading.py), callbacks where they are stored.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        param = _with_a_card(request)
        return self.get_response(request) if param is None else _refused(request, param)


def _with_a_card(request: HttpRequest) -> str | None:
    """The name of what holds one. Passwords are never kept as they are."""
    if cards.holds(request.path):
        return "path"
    forms = [request.GET] if _of_api(request) else [request.GET, request.POST]
    for name, values in (pair for form in forms for pair in form.lists()):
        if cards.holds(name):
            return "query"
        if "password" not in name and any(cards.holds(value) for value in values):
            return name
    return None


def _refused(request: HttpRequest, param: str) -> HttpResponse:
    if _of_api(request):
        fault = Fault(400, "invalid_request", cards.CODE, cards.SENTENCE, param=param)
        return JsonResponse(body(fault), status=fault.status)
    return HttpResponse(f"{param}: {cards.SENTENCE}.", "text/plain; charset=utf-8", 400)


def _of_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
