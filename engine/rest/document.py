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

from engine.rest.schema import ALWAYS

_FORMS = {"yaml": OpenApiYamlRenderer, "json": OpenApiJsonRenderer}
_COUNT = {"type": "integer", "minimum": 0}
HEADERS: dict[str, Any] = {
    "Request-Id": {"description": "In the logs and in the audit too", "schema": {"type": "string"}},
    "RateLimit-Limit": {"description": "Calls that a window allows", "schema": _COUNT},
    "RateLimit-Remaining": {"description": "What is left of them", "schema": _COUNT},
    "RateLimit-Reset": {"description": "Seconds until the next window", "schema": _COUNT},
    "Retry-After": {"description": "Seconds to wait, where waiting helps", "schema": _COUNT},
    "Idempotent-Replayed": {
        "description": "`true`: this is the stored answer of an earlier request with the same Idempotency-Key",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "WWW-Authenticate": {"schema": {"type": "string"}},
}


def shared(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: headers in every answer, and faults that are the same everywhere written once."""
    faults: dict[str, Any] = {}
    result["components"] |= {"headers": HEADERS, "responses": faults}
    operations = (each for methods in result["paths"].values() for each in methods.items())
    for method, operation in operations:
        for code, answer in operation["responses"].items():
            named = _headers(method, code)
            answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in named}
            if code in ALWAYS:
                answer["description"] = ALWAYS[code]
                shape = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                faults[f"{shape}{code}"] = answer
                operation["responses"][code] = {"$ref": f"#/components/responses/{shape}{code}"}
    return result


def _headers(method: str, code: str) -> list[str]:
    """What may stand in this answer; only Request-Id always does."""
    named = ["Request-Id"]
    if code != "406":  # refused before anybody counts
        named += [name for name in HEADERS if name.startswith("RateLimit-")]
    if code in ("409", "429", "503"):
        named.append("Retry-After")
    if code == "401":
        named.append("WWW-Authenticate")
    if method == "post" and code.startswith("2"):
        named.append("Idempotent-Replayed")
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
