"""Doors to the scheduler (rows 0.10, 0.25 to 0.28, 0.31, 0.32): the cycle by hand, start and stop, what it did."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engine.core import clock
from engine.rest import ids, pages
from engine.rest.once import Done
from ops import figures, scheduler
from ops.api import shapes, words
from ops.api.base import SchedulerKey, SchedulerView, accepted, answer
from ops.jobs import ask, view

_ASKED = {"jobId": shapes.JOB_ID, "status": "waiting"}
_STATUS = {
    "isRunning": True, "lastRun": "2026-01-31T09:30:00.000Z", "nextRun": "2026-01-31T09:35:00.000Z",
    "processedToday": 240, "failedToday": 2, "enabled": True, "secondsSinceTick": 1.4,
}  # fmt: skip
_METRICS = {
    "paymentsProcessedToday": 240, "paymentsFailedToday": 2, "totalRevenue": 12.5, "averageProcessingTime": 2140.0,
    "lastProcessingCycle": "2026-01-31T09:30:00.000Z",
    "revenueByCurrency": [{"amount": 12.5, "amount_minor": 12500000, "currency": "USDC"}],
}  # fmt: skip
_DAY = {
    "date": "2026-01-31", "processed": 240, "failed": 2, "amount": 12.5, "amount_minor": 12500000, "currency": "USDC"
}  # fmt: skip
_FAULT = {
    "timestamp": "2026-01-31T09:30:00.000Z", "jobId": shapes.JOB_ID, "outcome": "declined",
    "code": "allowance_too_small", "error": "The allowance is too small.",
}  # fmt: skip


def _status_fields() -> shapes.Fields:
    return {
        "isRunning": serializers.BooleanField(help_text="Switched on, and beat was heard a moment ago"),
        "lastRun": serializers.DateTimeField(allow_null=True),
        "nextRun": serializers.DateTimeField(allow_null=True),
        "processedToday": serializers.IntegerField(),
        "failedToday": serializers.IntegerField(),
        "enabled": serializers.BooleanField(),
        "secondsSinceTick": serializers.FloatField(allow_null=True),
    }


def _metrics_fields() -> shapes.Fields:
    return {
        "paymentsProcessedToday": serializers.IntegerField(),
        "paymentsFailedToday": serializers.IntegerField(),
        "totalRevenue": serializers.FloatField(
            allow_null=True, help_text="Major units; null where there are several currencies"
        ),
        "averageProcessingTime": serializers.FloatField(
            allow_null=True, help_text="ms from scheduled to succeeded, of today's; null before the first"
        ),
        "lastProcessingCycle": serializers.DateTimeField(allow_null=True),
        "revenueByCurrency": serializers.ListField(child=serializers.DictField()),
    }


class ProcessDue(SchedulerView):
    """A cycle now."""

    authentication_classes = [SchedulerKey]
    wrong_key = "Invalid internal API key"
    kind, message = "process_due", "Due payments processing initiated"

    @extend_schema(
        operation_id="process_due", request=shapes.Nothing,
        examples=shapes.example("asked", _ASKED, "Due payments processing initiated", status=202),
        responses=shapes.answers("ProcessDue", shapes.asked(), message=True, status=202),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Bill what is due. Asked again while one waits, that one is given. Takes INTERNAL_SCHEDULER_API_KEY too."""
        return self.once(shapes.Nothing, self._ask)

    def _ask(self, data: dict[str, Any]) -> Done:
        job = ask.ask(self.kind, by=self.actor, reason=f"POST {self.request.path}").job
        key = ids.show("job", job.pk)
        return accepted({"jobId": key, "status": view.of_operator(job).status}, self.message, job=key)


class Maintenance(ProcessDue):
    """The daily maintenance now."""

    kind, message = "maintenance", "Maintenance initiated"

    @extend_schema(
        operation_id="run_maintenance", request=shapes.Nothing,
        examples=shapes.example("asked", _ASKED, "Maintenance initiated", status=202),
        responses=shapes.answers("Maintenance", shapes.asked(), message=True, status=202),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Expire what has ended and report the days. Takes INTERNAL_SCHEDULER_API_KEY too."""
        return super().post(request)


class SchedulerStatus(SchedulerView):
    """On or off, alive or not."""

    @extend_schema(
        operation_id="get_scheduler_status", examples=shapes.example("status", _STATUS),
        responses=shapes.answers("SchedulerStatus", _status_fields()),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Whether payments are billed by themselves, when, and what came of it today (UTC)."""
        self.query(pages.NoQuery)
        return Response(answer(_status()))


class StartScheduler(SchedulerView):
    """Billing by itself, on."""

    @extend_schema(
        operation_id="start_scheduler", request=shapes.ReasonBody,
        examples=[shapes.sent(reason="the drill is over"),
                  *shapes.example("started", _STATUS, "Payment scheduler started")],
        responses=shapes.answers("StartScheduler", _status_fields(), message=True),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Start the scheduler. 409 with "Payment scheduler is already running" where it runs."""

        def start(data: dict[str, Any]) -> Done:
            scheduler.start(by=self.actor, reason=data["reason"])
            return Done(answer(_status(), "Payment scheduler started"), "scheduler", 200)

        return self.once(shapes.ReasonBody, start)


class StopScheduler(SchedulerView):
    """Billing by itself, off."""

    @extend_schema(
        operation_id="stop_scheduler", request=shapes.ReasonBody,
        examples=[shapes.sent(reason="a drill"), *shapes.example(
            "stopped", {**_STATUS, "isRunning": False}, "Payment scheduler stopped")],
        responses=shapes.answers("StopScheduler", _status_fields(), message=True),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Stop the scheduler until it is started again, over restarts too. What was scheduled before goes on."""

        def stop(data: dict[str, Any]) -> Done:
            scheduler.stop(by=self.actor, reason=data["reason"])
            return Done(answer(_status(), "Payment scheduler stopped"), "scheduler", 200)

        return self.once(shapes.ReasonBody, stop)


class Metrics(SchedulerView):
    """The figures."""

    @extend_schema(
        operation_id="get_payment_metrics", examples=shapes.example("metrics", _METRICS),
        responses=shapes.answers("PaymentMetrics", _metrics_fields()),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Today's counts (UTC), revenue in all, the average time of a payment, the last cycle."""
        self.query(pages.NoQuery)
        return Response(answer(_metrics()))


class SchedulerMetrics(SchedulerView):
    """The figures, and this process."""

    @extend_schema(
        operation_id="get_scheduler_metrics",
        examples=shapes.example("metrics", {
            **_METRICS, "uptime": 86400.5, "memoryUsage": {"rss": 90000000, "maxRss": 91000000},
            "timestamp": "2026-01-31T09:30:00.000Z",
        }),
        responses=shapes.answers("SchedulerMetrics", {
            **_metrics_fields(),
            "uptime": serializers.FloatField(help_text="Seconds of this web process"),
            "memoryUsage": serializers.DictField(child=serializers.IntegerField(), help_text="Bytes of it"),
            "timestamp": serializers.DateTimeField(),
        }),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """The figures of payments/metrics, with uptime and memory of the web process that answers."""
        self.query(pages.NoQuery)
        process = figures.process()
        memory = process["memory_bytes"]
        more = {
            "uptime": round(process["uptime_seconds"], 3),
            "memoryUsage": {"rss": memory["rss"], "maxRss": memory["max_rss"]},
            "timestamp": words.moment(clock.machine_now()),
        }
        return Response(answer({**_metrics(), **more}))


class SchedulerHistory(SchedulerView):
    """What it did."""

    @extend_schema(
        operation_id="get_scheduler_history",
        examples=shapes.example("history", {
            "recentPayments": [shapes.LINE], "dailyStats": [_DAY], "errorLog": [_FAULT],
        }),
        responses=shapes.answers("SchedulerHistory", {
            "recentPayments": serializers.ListField(child=serializers.DictField()),
            "dailyStats": serializers.ListField(child=serializers.DictField()),
            "errorLog": serializers.ListField(child=serializers.DictField()),
        }),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """The last 100 payments, the last 30 days by currency, and the last 100 errors; newest first."""
        self.query(pages.NoQuery)
        data = {
            "recentPayments": [_payment(each) for each in view.newest_payments(most=100)],
            "dailyStats": [_day(each) for each in figures.daily()],
            "errorLog": [_error(each) for each in figures.errors()],
        }
        return Response(answer(data))


def _status() -> dict[str, Any]:
    now = scheduler.status()
    age = now.tick_age_seconds
    return {
        "isRunning": now.running,
        "lastRun": words.moment(now.last_run_at),
        "nextRun": words.moment(now.next_run_at),
        "processedToday": now.processed_today,
        "failedToday": now.failed_today,
        "enabled": now.enabled,
        "secondsSinceTick": None if age is None else round(age, 1),
    }


def _metrics() -> dict[str, Any]:
    found = figures.metrics()
    revenue = found["revenue_minor"]
    average = found["average_processing_seconds"]
    total = 0.0 if not revenue else None
    if len(revenue) == 1:
        ((currency, minor),) = revenue.items()
        total = words.number(minor, currency)
    return {
        "paymentsProcessedToday": found["processed_today"],
        "paymentsFailedToday": found["failed_today"],
        "totalRevenue": total,
        "averageProcessingTime": None if average is None else round(average * 1000, 3),
        "lastProcessingCycle": words.moment(found["last_cycle_at"]),
        "revenueByCurrency": [words.amount(minor, currency) for currency, minor in sorted(revenue.items())],
    }


def _payment(job: view.JobView) -> dict[str, Any]:
    whole = words.job(job)
    keys = (
        "jobId",
        "status",
        "progress",
        "result",
        "attemptsMade",
        "data",
        "reason",
        "createdAt",
        "finishedAt",
    )
    return {key: whole[key] for key in keys}


def _day(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "date": row["day"].isoformat(), "processed": row["succeeded"], "failed": row["failed"],
        **words.amount(row["succeeded_minor"], row["currency"]),
    }  # fmt: skip


def _error(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "timestamp": words.moment(row["at"]), "jobId": ids.show("job", row["job_id"]), "outcome": row["outcome"],
        "code": row["code"], "error": row["message"],
    }  # fmt: skip
