"""What the sources' endpoints share: their envelope around answers and faults, their 401 texts, their scheduler key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response

from engine.core.actor import Role
from engine.rest import access, errors
from engine.rest.once import Done
from engine.rest.views import RestView

_NOT_THERE = ("plan_unknown", "subscription_unknown", "job_unknown")
# Whose idempotency keys and rate these are, where the environment's secret calls.
SCHEDULER = access.Caller("scheduler", ("scheduler:write",), UUID(int=0x45), None, most=Role.OPERATOR)


class SourceKey(access.ByKey):
    """An API key; what is no Bearer at all is a missing one, as in the source (row 0.60)."""

    def authenticate(self, request: Request) -> tuple[access.Caller, Any] | None:
        if not _is_bearer(request):
            return None
        return super().authenticate(request)


class SchedulerKey(SourceKey):
    """INTERNAL_SCHEDULER_API_KEY, or an API key (rows 0.25, 0.26, 0.45). On process-due and maintenance alone."""

    def authenticate(self, request: Request) -> tuple[access.Caller, Any] | None:
        if _is_bearer(request) and is_internal(access.bearer(request) or ""):
            return SCHEDULER, None
        return super().authenticate(request)


def is_internal(token: str) -> bool:
    """Whether `token` is one of the environment's. Each is compared, in constant time."""
    given = _digest(token)
    known = [_digest(key.get_secret_value()) for key in settings.ENV.internal_scheduler_api_key]
    return sum(hmac.compare_digest(given, each) for each in known) > 0


class SourceView(RestView):
    """An endpoint of a source. Answers are {success, message, data}; faults {success: false, error, message, …}."""

    authentication_classes = [SourceKey]
    wrong_key = "Invalid API key"
    dry_run_offered = False

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        return self._fault

    def _fault(self, fault: Exception, context: dict[str, Any]) -> Response:
        answer = errors.handle(fault, context)
        detail = answer.data["error"]
        if detail["code"] in _NOT_THERE:
            answer.status_code, detail["type"] = 404, "not_found"
            detail["param"] = "planId" if detail["param"] == "plan" else detail["param"]
        if answer.status_code == 401:
            detail["message"] = self.wrong_key if isinstance(fault, AuthenticationFailed) else "Unauthorized"
        said = detail["message"]
        answer.data = {"success": False, "error": said, "message": said, "error_detail": detail}
        return answer


class SchedulerView(SourceView):
    """An endpoint of the scheduler: 100 calls a minute (row 0.62)."""

    resource = "scheduler"
    object_name = "scheduler"
    too_many = "Too many scheduler requests"

    def rate(self) -> tuple[int, float, str] | None:
        return 100, 60, "scheduler"


def answer(data: Any, message: str = "") -> dict[str, Any]:
    """The source's envelope."""
    return {"success": True, **({"message": message} if message else {}), "data": data}


def accepted(data: dict[str, Any], message: str, *, job: str) -> Done:
    """202: the rows are committed, the tick and the workers do the rest."""
    return Done(answer(data, message), job, 202)


def _is_bearer(request: Request) -> bool:
    return request.META.get("HTTP_AUTHORIZATION", "").lower().startswith("bearer ")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()
