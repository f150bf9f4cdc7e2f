"""One shape for every refusal and failure: what, which field, did money move, may it be tried again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response

from engine.core import sql
from engine.core.actor import NotAllowed
from engine.core.errors import Refusal

log = structlog.get_logger(__name__)
DOCS = "/docs/errors/"
# A refusal of these says that the field is fine and the state of things is not.
_CONFLICTS = {
    "number_taken", "already_subscribed", "already_ended", "not_active", "plan_inactive", "busy", "method_not_active",
}  # fmt: skip
# The money that was asked for is there already.
_ARRIVED = {"money_arrived"}


class Fault(Exception):
    """An answer that is no success. `retry`: safe (the same again), same_key (with its Idempotency-Key), never."""

    def __init__(
        self,
        code: int,
        kind: str,
        slug: str,
        message: str,
        *,
        param: str = "",
        retry: str = "never",
        moved: str = "no",
        headers: dict[str, str] | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.headers = code, headers or {}
        self.error: dict[str, Any] = {
            "type": kind, "code": slug, "message": message, "param": param or None,
            "doc_url": f"{DOCS}#{slug}", "money_moved": moved, "retry": retry,
        }  # fmt: skip
        if errors and len(errors) > 1:
            self.error["errors"] = errors


def handle(fault: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: every exception becomes the one shape. 500 is logged with its trace."""
    view = context.get("view")
    found = of(fault, object_name=str(getattr(view, "object_name", "")), renamed=getattr(view, "renamed", {}))
    if found.status >= 500:
        log.exception("a request failed", exc_info=fault)
    request = context.get("request")
    if request is not None:
        _judged_by(request, found, dry_run=getattr(view, "dry_run", False))
    return Response(body(found), status=found.status, headers=found.headers)


def body(fault: Fault) -> dict[str, Any]:
    """The answer's document, with the request's id."""
    bound = structlog.contextvars.get_contextvars()
    return {"error": {**fault.error, "request_id": bound.get("request_id")}}


def of(fault: Exception, *, object_name: str = "", renamed: Mapping[str, str] | None = None) -> Fault:
    """The Fault of any exception. `object_name`: what the URL names; a refusal about it is a conflict.

    `renamed`: what the endpoint calls a field that its verb calls otherwise.
    """
    if isinstance(fault, Fault):
        return fault
    if isinstance(fault, NotAllowed):
        return Fault(403, "permission_error", fault.code, fault.message)
    if isinstance(fault, Refusal):
        conflict = fault.code in _CONFLICTS or fault.param in ("", object_name)
        code = 409 if conflict else 400
        if fault.param == object_name and fault.code == f"{object_name}_unknown":
            code = 404
        kind = {404: "not_found", 409: "conflict"}.get(code, "invalid_request")
        return Fault(
            code, kind, fault.code, fault.message, param=(renamed or {}).get(fault.param, fault.param),
            moved="yes" if fault.code in _ARRIVED else "no",
        )  # fmt: skip
    if isinstance(fault, exceptions.ValidationError):
        return _invalid(fault)
    if isinstance(fault, exceptions.APIException):
        return _of_drf(fault)
    if isinstance(fault, Http404):
        return missing()
    if isinstance(fault, RequestDataTooBig | TooManyFieldsSent):
        return Fault(413, "invalid_request", "body_too_large", "The body is too large: at most 1 MiB.")
    if isinstance(fault, DatabaseError) and sql.lost(fault):
        # Whether a commit went through is not known: the key's stored answer tells.
        return Fault(503, "api_error", "database_away", "The database does not answer; nothing is lost.",
                     retry="same_key", moved="unknown", headers={"Retry-After": "2"})  # fmt: skip
    return Fault(500, "api_error", "internal", "Something failed here; it was logged under the request's id.",
                 retry="same_key", moved="unknown")  # fmt: skip


def _judged_by(request: Any, fault: Fault, *, dry_run: bool = False) -> None:
    """What may have happened, and what the caller can do, hangs on what they sent."""
    if fault.error["money_moved"] != "unknown":
        return
    if request.method in SAFE_METHODS or dry_run:
        fault.error |= {"money_moved": "no", "retry": "safe"}
    elif "Idempotency-Key" not in request.headers:
        said = f"{fault.error['message']} It carried no Idempotency-Key: look first whether it was done."
        fault.error |= {"retry": "never", "message": said}


def missing() -> Fault:
    """There is nothing under this address, or it is not theirs to see."""
    return Fault(404, "not_found", "not_found", "There is nothing under this address.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404 for paths that no view has."""
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return JsonResponse(body(missing()), status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Django's handler500, for what fails outside a view."""
    if not _is_api(request):
        return defaults.server_error(request)
    fault = of(Exception())
    _judged_by(request, fault)
    return JsonResponse(body(fault), status=500)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a request that Django itself refuses, such as a body over the limit."""
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    big = isinstance(exception, RequestDataTooBig | TooManyFieldsSent)
    fault = (
        of(exception) if big else Fault(400, "invalid_request", "bad_request", "The request can't be read.")
    )
    return JsonResponse(body(fault), status=fault.status)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


_DRF = {
    "not_authenticated": ("authentication_error", "key_missing"),
    "authentication_failed": ("authentication_error", "key_invalid"),
    "permission_denied": ("permission_error", "scope_missing"),
    "not_found": ("not_found", "not_found"),
    "method_not_allowed": ("invalid_request", "method_not_allowed"),
    "unsupported_media_type": ("invalid_request", "unsupported_media_type"),
    "not_acceptable": ("invalid_request", "not_acceptable"),
    "parse_error": ("invalid_request", "body_malformed"),
}


def _of_drf(fault: exceptions.APIException) -> Fault:
    codes = fault.get_codes()
    kind, slug = _DRF.get(str(codes), ("invalid_request", str(codes)))
    headers = {"WWW-Authenticate": "Bearer"} if fault.status_code == 401 else {}
    return Fault(fault.status_code, kind, slug, str(fault.detail), headers=headers)


def _invalid(fault: exceptions.ValidationError) -> Fault:
    found = _flat(fault.detail, fault.get_codes())
    first = found[0]
    return Fault(400, "invalid_request", first["code"], first["message"], param=first["param"], errors=found)


def _flat(detail: Any, codes: Any, path: str = "") -> list[dict[str, str]]:
    """Every message with the path of its field: `lines[0].amount_minor`."""
    if isinstance(detail, dict):
        return [
            one
            for name, inner in detail.items()
            for one in _flat(inner, codes[name], path if name == "non_field_errors" else _join(path, name))
        ]
    if isinstance(detail, list):
        found = []
        for number, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            found += _flat(inner, codes[number], f"{path}[{number}]" if nested else path)
        return found
    return [{"param": path, "code": _slug(str(codes)), "message": str(detail)}]


def _join(path: str, name: object) -> str:
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else str(name)


def _slug(code: str) -> str:
    return {"required": "field_missing", "null": "field_null", "blank": "field_blank"}.get(code, code)
