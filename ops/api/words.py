"""Our rows in the sources' words: camelCase, amounts in major units beside the minor ones (row 0.69)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from engine.core import flower, money
from engine.rest import ids
from ops.jobs.view import JobView


def moment(at: datetime | None) -> str | None:
    """As JavaScript writes it."""
    return (
        None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def amount(minor: int, currency: str) -> dict[str, Any]:
    """`amount` is the source's number, good to 15 digits; `amount_minor` is the exact one."""
    return {"amount": number(minor, currency), "amount_minor": minor, "currency": currency}


def number(minor: int, currency: str) -> float | None:
    """Major units as a JSON number; None for a currency that we do not know."""
    try:
        return float(money.to_major(minor, currency))
    except money.MoneyError:
        return None


def job(found: JobView) -> dict[str, Any]:
    """A job as GET jobs/{id} shows it: the source's keys, then ours."""
    return {
        "jobId": ids.show("job", found.job_id),
        "kind": found.kind,
        "status": found.status,
        "progress": found.progress,
        "result": result(found.result),
        "attemptsMade": found.attempts_made,
        "data": _data(found),
        "reason": found.reason or None,
        "createdAt": moment(found.created_at),
        "finishedAt": moment(found.ended_at),
        "nextActionAt": moment(found.next_action_at),
        "flowerUrl": flower.page_of_task(found.task_id) or None,
    }


def line(found: JobView) -> dict[str, Any]:
    """A job in a list: the source's keys of jobs/subscription/{id}, and why it is where it is."""
    whole = job(found)
    return {name: whole[name] for name in
            ("jobId", "kind", "status", "progress", "result", "attemptsMade", "reason", "createdAt")}  # fmt: skip


def result(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What came of a job; None while it is open."""
    if found is None or "counts" in found:
        return None if found is None else dict(found)
    shown = {
        "success": found["success"],
        "transactionHash": found["transaction_hash"],
        "subscriptionId": subscription(found["subscription_id"]),
        **amount(found["amount_minor"], found["currency"]),
    }
    return shown if found["success"] else {**shown, "error": found["error"]}


def subscription(value: UUID | None) -> str | None:
    """A subscription's id."""
    return None if value is None else ids.show("subscription", value)


def _data(found: JobView) -> dict[str, Any]:
    given = found.data
    if found.kind != "payment":
        return {"askedBy": given["asked_by"], "reason": given["reason"]}
    return {
        "subscriptionId": subscription(given["subscription_id"]),
        "userAddress": given["user_address"],
        **amount(given["amount_minor"], given["currency"]),
        "recipientAddress": given["recipient_address"],
        "serviceName": given["service_name"],
    }
