"""What a job shows: its status, how far it is, what came of it and why it is not moving (rows 1.2, 1.5, 1.10, 1.14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from engine.core import sql
from engine.core.errors import Refusal
from ops.models import Job

STATUSES = ("waiting", "active", "completed", "failed", "delayed")
_ENDED = {"succeeded": "completed", "succeeded_late": "completed", "failed": "failed", "canceled": "failed",
          "reversed": "failed"}  # fmt: skip
_WAITS = {
    "funds": "Waits for funds of the payer.",
    "payee": "Waits for the payee's account.",
    "provider": "Waits for the provider.",
    "retry": "Waits for its next try.",
    "queue": "An older payment from the same source goes first.",
    "switch": "Sending is stopped by an operator.",
}
_LAST = UUID(int=2**128 - 1)
_DEPTH = 10_000


@dataclass(frozen=True, slots=True)
class JobView:
    """One job. `data` and `result` hold amounts in minor units; `reason` is empty where all is as it should be."""

    job_id: UUID
    kind: str
    status: str
    progress: int
    result: Mapping[str, Any] | None
    attempts_made: int
    data: Mapping[str, Any]
    reason: str
    created_at: datetime
    ended_at: datetime | None = None
    next_action_at: datetime | None = None
    task_id: str = ""
    subscription_id: UUID | None = field(default=None)


class _Row(NamedTuple):
    id: UUID
    state: str
    waiting: str
    failure_message: str
    parked: bool
    parked_reason: str
    provisional: bool
    currency: str
    amount_minor: int
    next_action_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    attempt_state: str | None
    identity: str | None
    attempts_made: int
    attempt_message: str
    task_id: str
    subscription_id: UUID | None
    service: str
    plan_name: str
    payer: str
    payee: str
    decided: str  # of its newest case, once that is closed


def find(job_id: UUID) -> JobView:
    """One job, a payment's or an operator's. Reads. Raises Refusal where there is none."""
    asked = Job.objects.filter(pk=job_id).first()
    found = [of_operator(asked)] if asked else of_payments([job_id])
    if not found:
        raise Refusal("job_unknown", f"there is no job {job_id}", param="job")
    return found[0]


def newest(*, status: str = "", before: UUID | None = None, most: int = 50) -> list[JobView]:
    """The newest jobs before the id `before`, of one status or of all. Reads.

    A status is looked for among the newest 10,000 payments: a failed one of last year is found by its id.
    """
    if status and status not in STATUSES:
        raise Refusal("status_unknown", f"there are: {', '.join(STATUSES)}", param="status")
    payments = newest_payments(status=status, before=before, most=most)
    asked = Job.objects.filter(pk__lt=before or _LAST).order_by("-pk")
    if status in ("active", "delayed"):  # what failed and is tried again is delayed
        asked = asked.filter(Q(error="") if status == "active" else ~Q(error=""), state=Job.State.ACTIVE)
    elif status:
        asked = asked.filter(state=status)
    found = payments + [of_operator(each) for each in asked[:most]]
    return sorted(found, key=lambda job: job.job_id, reverse=True)[:most]


def newest_payments(*, status: str = "", before: UUID | None = None, most: int = 50) -> list[JobView]:
    """As `newest`, without the jobs that operators asked for. Reads."""
    depth = _DEPTH if status else most * 2
    params = {"before": before or _LAST, "status": status, "most": most, "depth": depth}
    return of_payments([row[0] for row in sql.rows(sql.statement(__file__, "newest_payments"), params)])


def of_subscription(subscription_id: UUID, *, before: UUID | None = None, most: int = 100) -> list[JobView]:
    """The payments of a subscription's newest 1,000 invoices, newest first. Reads."""
    params = {"subscription_id": subscription_id, "before": before or _LAST, "most": most}
    found = sql.rows(sql.statement(__file__, "payments_of_subscription"), params)
    return of_payments([row[0] for row in found])


def of_payments(payment_ids: Sequence[UUID]) -> list[JobView]:
    """Each payment as a job, newest first. Reads in one query."""
    if not payment_ids:
        return []
    found = sql.rows(sql.statement(__file__, "payment_jobs"), {"ids": list(payment_ids)})
    return [_of_payment(_Row(*row)) for row in found]


def of_operator(job: Job) -> JobView:
    """A job that somebody asked for by hand."""
    ended = job.state in (Job.State.COMPLETED, Job.State.FAILED)
    status = job.state
    if job.state == Job.State.ACTIVE and job.error:
        status = "delayed"  # it failed and is tried again
    result = {"success": job.state == Job.State.COMPLETED, "counts": job.counts} if ended else None
    return JobView(
        job_id=job.pk, kind=job.kind, status=status, progress=100 if ended else 50 if job.started_at else 10,
        result=result, attempts_made=job.taken_count, data={"asked_by": job.asked_by, "reason": job.reason},
        reason=job.error, created_at=job.created_at, ended_at=job.ended_at, next_action_at=job.next_action_at,
        task_id=job.task_id,
    )  # fmt: skip


def _of_payment(row: _Row) -> JobView:
    money = {"amount_minor": row.amount_minor, "currency": row.currency}
    return JobView(
        job_id=row.id, kind="payment", status=_status(row), progress=_progress(row), result=_result(row),
        attempts_made=row.attempts_made, reason=_reason(row), created_at=row.created_at, ended_at=row.ended_at,
        data={"subscription_id": row.subscription_id, "user_address": row.payer, "recipient_address": row.payee,
              "service_name": row.service or row.plan_name, **money},
        next_action_at=row.next_action_at, subscription_id=row.subscription_id, task_id=row.task_id,
    )  # fmt: skip


def _status(row: _Row) -> str:
    if row.state in _ENDED:
        return _ENDED[row.state]
    if row.parked or (row.state == "scheduled" and row.waiting):
        return "delayed"
    return "waiting" if row.state == "scheduled" else "active"


def _progress(row: _Row) -> int:
    """10 scheduled; 30 signed and committed; 50 accepted, or its outcome is open; 80 seen; 100 ended."""
    if row.state in _ENDED:
        return 100
    if row.state == "scheduled":
        return 10
    if row.provisional:
        return 80
    return 30 if row.attempt_state == "sent" else 50


def _result(row: _Row) -> dict[str, Any] | None:
    if row.state not in _ENDED:
        return None
    result = {
        "success": _ENDED[row.state] == "completed", "transaction_hash": row.identity,
        "subscription_id": row.subscription_id, "amount_minor": row.amount_minor, "currency": row.currency,
    }  # fmt: skip
    return result if result["success"] else result | {"error": _reason(row)}


def _reason(row: _Row) -> str:
    if row.parked:
        return f"Set aside for a person: {row.parked_reason}"
    return {
        "scheduled": row.waiting and " ".join(filter(None, (_WAITS.get(row.waiting, f"Waits for {row.waiting}."),
                                                            row.failure_message))),
        "in_flight": "The outcome is unknown; it is being looked up." if row.attempt_state == "unknown" else "",
        "failed": row.failure_message or row.attempt_message or "It was refused.",
        "canceled": row.failure_message or "It was canceled before it was sent.",
        "reversed": row.failure_message or "The provider took the money back.",
        "succeeded_late": "The money arrived after the payment had been given up"
                          + (f": {row.decided}" if row.decided else "; a person decides."),
    }.get(row.state, "")  # fmt: skip
