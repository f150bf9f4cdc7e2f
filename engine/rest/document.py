"""The OpenAPI document as a whole: what all operations share, and how it is served to whoever asks without a key."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from engine.rest import errors
from engine.rest.schema import ALWAYS

_FORMS = {"yaml": OpenApiYamlRenderer, "json": OpenApiJsonRenderer}
_COUNT = {"type": "integer", "minimum": 0}
HEADERS: dict[str, Any] = {
    "Request-Id": {"description": "In the logs and in the audit too", "schema": {"type": "string"}},
    "Clearbeat-Version": {
        "description": "The version that answered; send it to be refused rather than misread once it is gone",
        "schema": {"type": "string", "format": "date"},
    },
    "RateLimit-Limit": {"description": "Calls that a window allows", "schema": _COUNT},
    "RateLimit-Remaining": {"description": "What is left of them", "schema": _COUNT},
    "RateLimit-Reset": {"description": "Seconds until the next window", "schema": _COUNT},
    "Retry-After": {"description": "Seconds to wait, where waiting helps", "schema": _COUNT},
    "Idempotent-Replayed": {
        "description": "`true`: this is the stored answer of an earlier request with the same Idempotency-Key",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Dry-Run": {
        "description": "`true`: nothing of this was kept",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "WWW-Authenticate": {"schema": {"type": "string"}},
}
_FOLLOW = {"Idempotency-Key": "Idempotent-Replayed", "dry_run": "Dry-Run"}
# Of each status one fault as it looks: type, code, param, money_moved, retry.
_FAULTS = {
    "400": ("invalid_request", "field_unknown", "colour", "no", "never"),
    "401": ("authentication_error", "key_invalid", "", "no", "never"),
    "403": ("permission_error", "scope_missing", "", "no", "never"),
    "404": ("not_found", "not_found", "", "no", "never"),
    "405": ("invalid_request", "method_not_allowed", "", "no", "never"),
    "406": ("invalid_request", "not_acceptable", "", "no", "never"),
    "409": ("idempotency_error", "request_in_progress", "", "no", "same_key"),
    "411": ("invalid_request", "length_required", "", "no", "never"),
    "413": ("invalid_request", "body_too_large", "", "no", "never"),
    "415": ("invalid_request", "unsupported_media_type", "", "no", "never"),
    "429": ("rate_limit_error", "too_many_requests", "", "no", "safe"),
    "500": ("api_error", "internal", "", "unknown", "same_key"),
    "503": ("api_error", "database_away", "", "unknown", "same_key"),
}


def shared(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: headers in every answer, and faults that are the same everywhere written once."""
    faults: dict[str, Any] = {}
    result["components"] |= {"headers": HEADERS, "responses": faults}
    operations = (each for methods in result["paths"].values() for each in methods.values())
    for operation in operations:
        sent = {each["name"] for each in operation.get("parameters", ())}
        for code, answer in operation["responses"].items():
            named = _headers(code, sent)
            answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in named}
            if code in ALWAYS:
                answer["description"] = ALWAYS[code]
                content = answer["content"]["application/json"]
                shape = content["schema"]["$ref"].rpartition("/")[2]
                if shape == "Error":
                    content["examples"] = {"refused": {"value": _example(code)}}
                faults[f"{shape}{code}"] = answer
                operation["responses"][code] = {"$ref": f"#/components/responses/{shape}{code}"}
    return result


def _example(code: str) -> dict[str, Any]:
    kind, slug, param, moved, retry = _FAULTS[code]
    fault = errors.Fault(int(code), kind, slug, ALWAYS[code], param=param, moved=moved, retry=retry)
    return {"error": {**fault.error, "request_id": "req_0198c0de0000700080000000000000aa"}}


def _headers(code: str, sent: set[str]) -> list[str]:
    """What may stand in an answer to an operation with these parameters; two always do."""
    named = ["Request-Id", "Clearbeat-Version"]
    if code != "406":  # refused before anybody counts
        named += [name for name in HEADERS if name.startswith("RateLimit-")]
    if code in ("409", "429", "503"):
        named.append("Retry-After")
    if code == "401":
        named.append("WWW-Authenticate")
    if code in ALWAYS:
        named.append("Dry-Run")  # faults are written once for all
    else:
        named += [header for name, header in _FOLLOW.items() if name in sent]
    return named


class SchemaView(SpectacularAPIView):
    """YAML or JSON, as the caller accepts it."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        form = request.accepted_renderer
        name = f'inline; filename="clearbeat.{form.format}"'
        return HttpResponse(
            written(form.format), content_type=form.media_type, headers={"Content-Disposition": name}
        )


@cache
def written(form: str) -> bytes:
    """The whole document as `yaml` or `json`. Reads nothing but the code."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    made = _FORMS[form]().render(document, renderer_context={})
    return made if isinstance(made, bytes) else made.encode()
