"""The sources' bodies and answers for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, inline_serializer
from rest_framework import serializers

from engine.rest.schema import ALWAYS, BearerScheme, ErrorDetail
from engine.rest.shapes import Shape, TextField, WholeField
from ops.jobs.view import STATUSES

_WALLET = RegexValidator(r"^[!-~]{1,64}$", "is no address: visible ASCII without blanks")
_JOB_ID = r"^((job|pay)_[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$"
Fields = dict[str, serializers.Field[Any, Any, Any, Any]]
JOB_KINDS = ("payment", "process_due", "maintenance")


class Nothing(Shape):
    """No body, or an empty object."""


class ReasonBody(Shape):
    """Why, for the audit."""

    reason = TextField(required=False, max_length=2000, default="asked for through the API")


class ProcessBody(Shape):
    """A subscription by the source's three names."""

    subscriber = TextField(max_length=64, validators=[_WALLET], help_text="The payer's wallet")
    creator = TextField(max_length=64, validators=[_WALLET], help_text="The payee's wallet")
    planId = WholeField(min_value=0, help_text="The plan's number with that creator")


class JobsQuery(Shape):
    """The query of lists of jobs."""

    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=100)
    before = serializers.RegexField(
        _JOB_ID,
        required=False,
        help_text="A jobId: older ones are listed",
    )


class AllJobsQuery(JobsQuery):
    """The query of all jobs."""

    after = serializers.RegexField(
        _JOB_ID, required=False, help_text="`next_cursor` of the page before; the same as `before`"
    )
    status = serializers.ChoiceField(
        required=False, choices=STATUSES, help_text="Looked for among the newest 10,000 payments"
    )


class SourceError(serializers.Serializer[Any]):
    """A refusal or failure in the source's words, with ours beside them."""

    success = serializers.BooleanField(default=False)
    error = serializers.CharField(help_text="For people")
    message = serializers.CharField(help_text="The same")
    error_detail = ErrorDetail()


def money() -> Fields:
    """An amount as these endpoints show it."""
    return {
        "amount": serializers.FloatField(allow_null=True, help_text="Major units"),
        "amount_minor": serializers.IntegerField(help_text="The exact amount"),
        "currency": serializers.CharField(),
    }


class JobResult(serializers.Serializer[Any]):
    """What came of a job: of a payment, or the counts of a cycle or a maintenance."""

    success = serializers.BooleanField()
    transactionHash = serializers.CharField(required=False, allow_null=True)
    subscriptionId = serializers.CharField(required=False, allow_null=True)
    amount = serializers.FloatField(required=False, allow_null=True, help_text="Major units")
    amount_minor = serializers.IntegerField(required=False)
    currency = serializers.CharField(required=False)
    error = serializers.CharField(required=False)
    counts = serializers.DictField(required=False, help_text="Of a cycle or a maintenance")


class SourceKeyScheme(BearerScheme):
    """The same keys as everywhere."""

    target_class = "ops.api.base.SourceKey"
    name = "sourceKey"


class SchedulerKeyScheme(BearerScheme):
    """The same keys, or the environment's."""

    target_class = "ops.api.base.SchedulerKey"
    name = "schedulerKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        said = "INTERNAL_SCHEDULER_API_KEY, or an API key with scheduler:write."
        return {**super().get_security_definition(auto_schema), "description": said}


def line() -> Fields:
    """A job in a list."""
    return {
        "jobId": serializers.CharField(),
        "kind": serializers.ChoiceField(choices=JOB_KINDS),
        "status": serializers.ChoiceField(choices=STATUSES),
        "progress": serializers.IntegerField(help_text="10, 30, 50, 80 or 100"),
        "result": JobResult(allow_null=True),
        "attemptsMade": serializers.IntegerField(),
        "reason": serializers.CharField(allow_null=True, help_text="Why it does not move, or failed"),
        "createdAt": serializers.DateTimeField(),
    }


def asked() -> Fields:
    """The job that a trigger made, or found waiting."""
    return {"jobId": serializers.CharField(), "status": serializers.ChoiceField(choices=STATUSES)}


def answers(
    name: str,
    data: Fields,
    *,
    many: bool = False,
    message: bool = False,
    status: int = 200,
    paged: bool = False,
) -> dict[Any, Any]:
    """The envelope around `data`, and the faults that any of these endpoints may answer with."""
    inner = inline_serializer(f"{name}Data", data, many=many)
    fields: Fields = {"success": serializers.BooleanField(default=True), "data": inner}
    if message:
        fields["message"] = serializers.CharField()
    if paged:
        fields |= {
            "has_more": serializers.BooleanField(
                help_text="With `status`: of the newest 10,000 payments before the cursor; older ones aren't looked at"
            ),
            "next_cursor": serializers.CharField(allow_null=True),
        }
    return {status: inline_serializer(name, fields), **dict.fromkeys(map(int, ALWAYS), SourceError)}


def example(
    name: str, data: Any, message: str = "", *, status: int = 200, **paged: Any
) -> list[OpenApiExample]:
    """An answer as it looks, and a refusal."""
    said = {"message": message} if message else {}
    detail = {
        "type": "authentication_error", "code": "key_missing", "message": "Unauthorized", "param": None,
        "doc_url": "/docs/errors/#key_missing", "request_id": "req_0198c0de0000700080000000000000aa",
        "money_moved": "no", "retry": "never",
    }  # fmt: skip
    refused = {
        "success": False, "error": "Unauthorized", "message": "Unauthorized", "error_detail": detail,
    }  # fmt: skip
    return [
        OpenApiExample(
            name,
            {"success": True, **said, "data": data, **paged},
            response_only=True,
            status_codes=[str(status)],
        ),
        OpenApiExample("no key", refused, response_only=True, status_codes=["401"]),
    ]


def sent(**value: Any) -> OpenApiExample:
    """What a caller sends."""
    return OpenApiExample("request", value, request_only=True)


MONEY = {"amount": 0.01, "amount_minor": 10000, "currency": "USDC"}
PAYER, PAYEE = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin", "4Nd1mYvM2fKQmE1bqkXW3gVnQyG1r2yqHjv5u5w6k7ZQ"
SIGNATURE = "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQ"
JOB_ID, SUBSCRIPTION_ID = "job_0198c0de000070008000000000000001", "sub_0198c0de000070008000000000000002"
RESULT = {"success": True, "transactionHash": SIGNATURE, "subscriptionId": SUBSCRIPTION_ID, **MONEY}
LINE = {
    "jobId": JOB_ID, "kind": "payment", "status": "completed", "progress": 100, "result": RESULT, "attemptsMade": 1,
    "reason": None, "createdAt": "2026-01-31T09:30:00.000Z",
}  # fmt: skip
