"""The OpenAPI document: every endpoint with its scope, its key and the answers that any of them may give."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from engine.rest import ids, version
from engine.rest.views import RestView

_EXAMPLE = "0198c0de000070008000000000000001"


class ErrorDetail(serializers.Serializer[Any]):
    """What went wrong, and what that means for money and for trying again."""

    type = serializers.CharField(
        help_text="invalid_request, authentication_error, permission_error, not_found, …"
    )
    code = serializers.CharField(help_text="Stable, for programs")
    message = serializers.CharField(help_text="For people; says the mend")
    param = serializers.CharField(allow_null=True, help_text="The field, where one is to blame")
    doc_url = serializers.CharField()
    request_id = serializers.CharField(allow_null=True)
    money_moved = serializers.ChoiceField(choices=("no", "yes", "unknown"))
    retry = serializers.ChoiceField(choices=("safe", "same_key", "never"))
    errors = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(child=serializers.CharField()),
        required=False,
        help_text="All of them, by field",
    )


class Error(serializers.Serializer[Any]):
    """Every answer that is no success."""

    error = ErrorDetail()


# What any endpoint may answer, and when.
ALWAYS = {
    "400": "The body, a field, the query or a cursor is wrong.",
    "401": "No live key.",
    "403": "The key does not have the scope, or the role that the act needs.",
    "404": "Nothing under this address.",
    "405": "The address has no such method.",
    "406": "Answers are JSON.",
    "409": "The state of things refuses it, or the Idempotency-Key does.",
    "411": "Sent without a Content-Length.",
    "413": "More than 1 MiB.",
    "415": "Not application/json.",
    "429": "Too many calls: wait for the seconds of Retry-After.",
    "500": "Something failed here; it was logged under the request's id.",
    "503": "The database is away; nothing is lost.",
}
_KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER,
    description="A word of your own that names this request. Sent again, it gives the stored answer.",
)  # fmt: skip

_DRY_RUN = OpenApiParameter(
    "dry_run", str, enum=("true", "false"),
    description="true: all is done and rolled back. The answer, with the header `Dry-Run: true`, is what would have "
    "come of it; an id that it made names nothing, and the Idempotency-Key stays free.",
)  # fmt: skip

_VERSION = OpenApiParameter(
    version.HEADER, str, OpenApiParameter.HEADER, enum=version.VERSIONS,
    description="The version that you were written for; every answer says which one it is of.",
)  # fmt: skip


class BearerScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer cb_…`."""

    target_class = "engine.rest.access.ByKey"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key, `cb_test_…` or `cb_live_…`."}


class IdSchema(OpenApiSerializerFieldExtension):
    """`key_` and 32 hex digits."""

    target_class = "engine.rest.shapes.IdField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, str]:
        return _id_of(self.target.kind)


class WholeOrIdSchema(OpenApiSerializerFieldExtension):
    """The id, or the object that `expand` put in its place."""

    target_class = "engine.rest.shapes.WholeOrIdField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        whole = auto_schema.resolve_serializer(self.target.shape, direction).ref
        nullable = {"nullable": True} if self.target.allow_null else {}
        return {"oneOf": [{**_id_of(self.target.kind), **nullable}, whole]}


class KindSchema(OpenApiSerializerFieldExtension):
    """One word."""

    target_class = "engine.rest.shapes.KindField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.target.kind}$", "example": self.target.kind}


class Schema(AutoSchema):
    """Adds what all endpoints share."""

    def get_override_parameters(self) -> list[Any]:
        found = list(super().get_override_parameters())
        found += [_VERSION] if isinstance(self.view, RestView) else []
        if self.method == "POST" and isinstance(self.view, RestView):
            needed = self.view.key_needed
            found.append(
                OpenApiParameter(_KEY.name, str, OpenApiParameter.HEADER, required=needed,
                                 description=_KEY.description, pattern=r"^[\x21-\x7e]{1,255}$")
            )  # fmt: skip
            found += [_DRY_RUN] if self.view.dry_run_offered else []
        return found

    def _get_parameters(self) -> list[dict[str, Any]]:
        """An object in a query is written `metadata[order]=A-17`."""
        found: list[dict[str, Any]] = super()._get_parameters()
        for each in found:
            if each["in"] == "query" and each["schema"].get("type") == "object":
                each |= {"style": "deepObject", "explode": True}
        return found

    def get_description(self) -> str:  # type: ignore[override]
        said = super().get_description()
        if isinstance(self.view, RestView) and self.view.resource:
            said = f"{said}\n\nScope: `{self.view.scope(self.method)}`".strip()
        return said

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found = super()._get_response_bodies(direction=direction)
        if isinstance(self.view, RestView) and direction == "response":
            for code in ALWAYS:
                if code not in found:
                    found[code] = self._get_response_for_code(Error, code)
        return found


def _id_of(kind: str) -> dict[str, str]:
    prefix = ids.PREFIXES[kind]
    return {"type": "string", "pattern": f"^{prefix}_[0-9a-f]{{32}}$", "example": f"{prefix}_{_EXAMPLE}"}
