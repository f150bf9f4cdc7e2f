"""The door that providers knock at: no key but their signature, no DRF in between, an answer within milliseconds."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from engine.core.errors import Refusal
from engine.rest import errors
from engine.rest.errors import Fault
from payments.callbacks import receive as inbox

log = structlog.get_logger(__name__)
_NOBODY = ("provider_unknown", "no_callbacks")


def receive(request: HttpRequest, provider: str) -> HttpResponse:
    """200 once it is kept, also for one that came before; 400 for one that is not believed, 404 where nobody of that
    name calls back, 413 for one that is too large, 503 while the database is away: its provider sends it again."""
    try:
        again = inbox.receive(provider, _body(request, provider), request.headers)
    except Exception as fault:  # in the API's one shape, whatever it is
        found = _fault(fault)
        if found.status >= 500:
            log.exception("a callback was not kept, or not checked", provider=provider)
        return JsonResponse(errors.body(found), status=found.status, headers=found.headers)
    return JsonResponse({"received": True, "again": again})


@csrf_exempt
def ipaymu(request: HttpRequest) -> HttpResponse:
    """Row 4.17: the address that iPaymu's callbacks had."""
    if request.method != "POST":
        found = Fault(405, "invalid_request", "method_not_allowed", f"Method {request.method!r} not allowed.")
        return JsonResponse(errors.body(found), status=405, headers={"Allow": "POST"})
    return receive(request, "ipaymu")


def _body(request: HttpRequest, provider: str) -> bytes:
    """The raw bytes, as far as one too many. A length that says more is not read at all."""
    most = settings.ENV.callback_bytes_max
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > most:
        inbox.check_size(provider, int(length))
    if not length and request.META.get("HTTP_TRANSFER_ENCODING") and isinstance(request, WSGIRequest):
        # Django takes a body without a length for none.
        return bytes(request.environ["wsgi.input"].read(most + 1))
    return request.read(most + 1)


def _fault(fault: Exception) -> Fault:
    if not isinstance(fault, Refusal):
        return errors.of(fault)
    if fault.code in _NOBODY:
        return errors.missing()
    status = 413 if fault.code == "callback_too_large" else 400
    return Fault(status, "invalid_request", fault.code, fault.message, param=fault.param)


_SAID = {
    "200": "It is kept. `again`: it had come before, and begins nothing.",
    "400": "It is not believed: its signature, its time or its mode is wrong, or it can't be read.",
    "404": "Nobody of that name calls back.",
    "413": "It is larger than CALLBACK_BYTES_MAX.",
    "503": "The database is away: send it again.",
}
_TOLD = {"told": {"value": {"id": "evt_1", "type": "payment_intent.succeeded"}}}
_KEPT = {
    "type": "object", "required": ["received", "again"],
    "properties": {"received": {"type": "boolean"}, "again": {"type": "boolean"}},
}  # fmt: skip


def documented(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: the OpenAPI document with the providers' door, which is no endpoint of DRF."""
    for path, operation in (
        ("/api/webhooks/{name}", "receive_webhook"),
        ("/api/billing/webhook", "receive_ipaymu"),
    ):
        own = result["paths"].setdefault(path, {})
        own["post"] = {
            "operationId": operation, "tags": ["webhooks"], "security": [{}],
            "description": "A provider's callback, as it signs it. It is kept raw and worked later, as a hint: what it "
            "names is looked up. `name` is the provider's.",
            "requestBody": {"content": {"application/json": {"schema": {"type": "object"}, "examples": _TOLD}}},
            "responses": {code: _answer(code, said) for code, said in _SAID.items()},
        }  # fmt: skip
        if "{name}" in path:
            own["post"]["parameters"] = [
                {"in": "path", "name": "name", "required": True, "schema": {"type": "string"}}
            ]
    return result


def _answer(code: str, said: str) -> dict[str, Any]:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("Request-Id", "Clearbeat-Version")}
    if code == "200":
        content: dict[str, Any] = {
            "schema": _KEPT,
            "examples": {"kept": {"value": {"received": True, "again": False}}},
        }
    else:
        content = {"schema": {"$ref": "#/components/schemas/Error"}}
    return {"description": said, "headers": headers, "content": {"application/json": content}}
