"""Doors to jobs (rows 1.10 to 1.15) and to the triggers that make them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import trigger
from engine.rest import ids, pages
from engine.rest.errors import Fault
from engine.rest.once import Done
from engine.rest.reading import FormLikeJsonParser, JsonParser
from ops.api import shapes, words
from ops.api.base import SourceView, accepted, answer
from ops.jobs import (
    add_auto_pay_job,
    autopay,
    get_auto_pay_job_status,
    get_jobs_for_subscription,
    stats,
    view,
)
from ops.jobs.view import JobView

QUEUED = "Payment job queued successfully"
_WHOLE = {
    **shapes.LINE,
    "data": {"subscriptionId": shapes.SUBSCRIPTION_ID, "userAddress": shapes.PAYER, **shapes.MONEY,
             "recipientAddress": shapes.PAYEE, "serviceName": "Service Name"},
    "finishedAt": "2026-01-31T09:30:14.000Z", "nextActionAt": None, "flowerUrl": None,
}  # fmt: skip
_COUNTS = {"waiting": 3, "active": 1, "completed": 240, "failed": 2, "delayed": 4, "capped": False}
_QUEUED_FIELDS: shapes.Fields = {
    "jobId": serializers.CharField(), "subscriptionId": serializers.CharField()
}  # fmt: skip
_NAMED = {"subscriber": shapes.PAYER, "creator": shapes.PAYEE, "planId": 1}
_QUEUED = {"jobId": shapes.JOB_ID, "subscriptionId": shapes.SUBSCRIPTION_ID}


def _whole() -> shapes.Fields:
    return {
        **shapes.line(),
        "data": serializers.DictField(
            help_text="Whom, what and how much; of an operator's job who asked and why"
        ),
        "finishedAt": serializers.DateTimeField(allow_null=True),
        "nextActionAt": serializers.DateTimeField(allow_null=True),
        "flowerUrl": serializers.CharField(
            allow_null=True, help_text="Flower's page of the task that took or sent it last, where known"
        ),
    }


class OneJob(SourceView):
    """One job."""

    resource, object_name = "jobs", "job"

    @extend_schema(
        operation_id="get_job",
        responses=shapes.answers("Job", _whole()),
        examples=shapes.example("job", _WHOLE),
    )
    def get(self, request: Request, job_id: str) -> Response:
        """How far a job is and what came of it. A payment's job has the payment's id: `pay_…` works too."""
        self.query(pages.NoQuery)
        return Response(answer(words.job(get_auto_pay_job_status(job_key(job_id)))))


class Jobs(SourceView):
    """All jobs."""

    resource, object_name = "jobs", "job"

    @extend_schema(
        operation_id="list_jobs", parameters=[shapes.AllJobsQuery],
        examples=shapes.example("jobs", [shapes.LINE], has_more=True, next_cursor=shapes.JOB_ID),
        responses=shapes.answers("Jobs", shapes.line(), many=True, paged=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """The newest jobs, payments and operators' own, of one status or of all."""
        asked = self.query(shapes.AllJobsQuery)
        most = asked["limit"]
        found = view.newest(status=asked.get("status", ""), before=_before(asked), most=most + 1)
        shown, more = [words.line(each) for each in found[:most]], len(found) > most
        paged = {"has_more": more, "next_cursor": shown[-1]["jobId"] if more else None}
        return Response(answer(shown) | paged)


class JobStats(SourceView):
    """Queue statistics."""

    resource, object_name = "jobs", "job"

    @extend_schema(
        operation_id="get_job_stats", examples=shapes.example("counts", _COUNTS),
        responses=shapes.answers("JobStats", {
            **{name: serializers.IntegerField() for name in view.STATUSES},
            "capped": serializers.BooleanField(help_text="More than 10,000 payments are open; so many were counted"),
        }),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Open jobs by status; completed and failed are today's (UTC)."""
        self.query(pages.NoQuery)
        return Response(answer(stats.counts()))


class SubscriptionJobs(SourceView):
    """The jobs of a subscription."""

    resource, object_name = "jobs", "subscription"

    @extend_schema(
        operation_id="list_jobs_of_subscription", parameters=[shapes.JobsQuery],
        responses=shapes.answers("SubscriptionJobs", shapes.line(), many=True),
        examples=shapes.example("jobs", [shapes.LINE]),
    )  # fmt: skip
    def get(self, request: Request, subscription_id: str) -> Response:
        """The payments of a subscription as jobs, newest first."""
        asked = self.query(shapes.JobsQuery)
        key = self.id("subscription", subscription_id)
        found = get_jobs_for_subscription(key, before=_before(asked), most=asked["limit"])
        return Response(answer([words.line(each) for each in found]))


class TriggerPayment(SourceView):
    """A subscription's payment now."""

    resource, object_name = "subscriptions", "subscription"

    @extend_schema(
        operation_id="trigger_payment", request=shapes.Nothing,
        examples=shapes.example("queued", _QUEUED, QUEUED, status=202),
        responses=shapes.answers("TriggerPayment", _QUEUED_FIELDS, message=True, status=202),
    )  # fmt: skip
    def post(self, request: Request, subscription_id: str) -> Response:
        """Ask for what is due, if auto-pay is on. The tick and the workers do the rest."""
        key = self.id("subscription", subscription_id)
        return self.once(shapes.Nothing, lambda _: _queued(add_auto_pay_job(key, by=self.actor)))


class ProcessPayment(SourceView):
    """A single payment by hand, by the source's names."""

    parser_classes = [JsonParser, FormLikeJsonParser]  # the source's own curl line names no media type
    resource, object_name = "payments", "subscription"

    @extend_schema(
        operation_id="process_payment", request=shapes.ProcessBody,
        examples=[shapes.sent(**_NAMED), *shapes.example("queued", _QUEUED, QUEUED, status=202)],
        responses=shapes.answers("ProcessPayment", _QUEUED_FIELDS, message=True, status=202),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Ask for what is due of a subscription, whether auto-pay is on or not."""
        return self.once(shapes.ProcessBody, self._pay)

    def _pay(self, data: dict[str, Any]) -> Done:
        found = trigger.find(customer=data["subscriber"], creator=data["creator"], plan_number=data["planId"])
        return _queued(autopay.pay_now(found.pk, by=self.actor))


def job_key(text: str) -> UUID:
    """The id of a job or of the payment that it is. Raises Fault (404) for one that can't be."""
    found = ids.read("job", text) or ids.read("payment", text)
    if found is None:
        raise Fault(404, "not_found", "job_unknown", f"there is no job {text[:60]}", param="job")
    return found


def _before(asked: dict[str, Any]) -> UUID | None:
    name = "after" if "after" in asked else "before"
    if name not in asked:
        return None
    if "before" in asked and name == "after":
        raise Fault(
            400, "invalid_request", "invalid", "send `after` or `before`: they say the same", param="after"
        )
    found = ids.read("job", asked[name]) or ids.read("payment", asked[name])
    if found is None:
        raise Fault(400, "invalid_request", "invalid", "this is no jobId", param=name)
    return found


def _queued(job: JobView) -> Done:
    key = ids.show("job", job.job_id)
    return accepted(
        {"jobId": key, "subscriptionId": words.subscription(job.subscription_id)}, QUEUED, job=key
    )
