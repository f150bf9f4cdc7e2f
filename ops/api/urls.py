"""The sources' paths under /api/, exactly as they name them. They stand before our own resources."""

from __future__ import annotations

from django.urls import path

from ops.api import jobs, scheduler, upcoming


class _MetricsAlias(scheduler.SchedulerMetrics):
    """Row 0.31 names it without its router's prefix."""

    schema = None  # type: ignore[assignment]


class _HistoryAlias(scheduler.SchedulerHistory):
    """Row 0.32 too."""

    schema = None  # type: ignore[assignment]


urlpatterns = [
    path("payments/process-due", scheduler.ProcessDue.as_view()),
    path("payments/maintenance", scheduler.Maintenance.as_view()),
    path("payments/process", jobs.ProcessPayment.as_view()),
    path("payments/upcoming/<str:subscriber>", upcoming.UpcomingPayments.as_view()),
    path("payments/metrics", scheduler.Metrics.as_view()),
    path("payments/scheduler/status", scheduler.SchedulerStatus.as_view()),
    path("payments/scheduler/metrics", scheduler.SchedulerMetrics.as_view()),
    path("payments/scheduler/history", scheduler.SchedulerHistory.as_view()),
    path("payments/scheduler/start", scheduler.StartScheduler.as_view()),
    path("payments/scheduler/stop", scheduler.StopScheduler.as_view()),
    path("scheduler/metrics", _MetricsAlias.as_view()),
    path("scheduler/history", _HistoryAlias.as_view()),
    path("jobs", jobs.Jobs.as_view()),
    path("jobs/stats", jobs.JobStats.as_view()),
    path("jobs/subscription/<str:subscription_id>", jobs.SubscriptionJobs.as_view()),
    path("jobs/<str:job_id>", jobs.OneJob.as_view()),
    path("subscriptions/<str:subscription_id>/trigger-payment", jobs.TriggerPayment.as_view()),
]
