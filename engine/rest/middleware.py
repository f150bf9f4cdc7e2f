"""Every request has an id: in the answer's header, in each line of the log, in the audit, in the error.

An answer of the API also says of which version it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse

from engine.core.ids import uuid7
from engine.rest import version

_GOOD = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestId:
    """Takes the caller's X-Request-ID where it is a plain word, else makes one; says it in Request-Id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        made: UUID = uuid7()
        request_id = given if _GOOD.fullmatch(given) else f"req_{made.hex}"
        bound = {"request_id": request_id, "correlation_id": str(made)}
        with structlog.contextvars.bound_contextvars(**bound):
            response = self.get_response(request)
        response["Request-Id"] = request_id
        if request.path.startswith("/api/"):
            response[version.HEADER] = version.NOW
        return response
