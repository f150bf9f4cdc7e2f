"""Write down what was said before anybody acts on it: append-only, committed on its own (design 3).

The provider's truth then never depends on whether billing's code runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog

from engine.core import clock, sql
from engine.core.errors import first_line
from engine.core.ids import uuid7s
from engine.core.packed import packed
from engine.providers.base import FailureClass, Finding, Known, Outcome
from payments.models import Evidence
from payments.pipeline import points

log = structlog.get_logger(__name__)
BOOKED = ("succeeded", "late", "late, paid elsewhere", "amount differs")  # verdicts that booked money
# And those of what left again, or may have.
TAKEN_BACK = (
    "reversed",
    "taken back",
    "declined: taken back",
    "given_and_taken",
    "counted, and taken back",
    "refused: nothing of it is booked",
)

_UNREADABLE = Finding(
    Outcome.UNKNOWN, FailureClass.UNKNOWN, "answer_unreadable", "What was said of it can't be stored: see the log.",
    detail={"park": True},
)  # fmt: skip


class Said(NamedTuple):
    """One finding about one attempt. `send_no` is the send it speaks for (a lookup: the last one)."""

    attempt_id: UUID
    payment_id: UUID
    send_no: int
    source: str
    finding: Finding


def store(said: Sequence[Said], *, observed_at: datetime | None = None) -> None:
    """Store all, in one commit if the database can hold it all. Whatever their fence: it guards sending alone.

    `observed_at`: machine time before the question was asked, for looks; absence is dated by it. What the
    database can't hold goes without its text, or is at last stored as unreadable, which parks its payment:
    one odd answer keeps no other from being stored.
    """
    if not said:
        return
    try:
        _store(said, observed_at)
    except Exception as fault:  # odd in any way: what neither we, nor JSON, nor the database can take
        if sql.lost(fault):
            raise
        log.error("evidence is stored one by one", count=len(said), fault=first_line(fault))
        for one in said:
            _store_odd(one, observed_at)


def known(attempt_id: UUID) -> Known:
    """What has been named of one attempt so far, as take_closed.sql reads it for many. Reads."""
    said = Evidence.objects.filter(attempt_id=attempt_id).order_by("pk")
    refs = [ref for ref in said.values_list("provider_ref", flat=True) if ref]
    steps = said.filter(outcome=Outcome.STEP).values_list("code", "detail")
    booked = said.filter(applied_at__isnull=False, verdict__in=BOOKED).order_by("applied_at", "pk")
    back = said.filter(verdict__in=TAKEN_BACK).exclude(movement_id="")
    return Known(
        refs[-1] if refs else "",
        dict(steps),
        tuple(booked.values_list("movement_id", flat=True)),
        tuple(back.values_list("movement_id", flat=True)),
    )


def _store_odd(one: Said, observed_at: datetime | None) -> None:
    for finding in (one.finding, replace(one.finding, message="", detail={})):
        try:
            return _store([one._replace(finding=finding)], observed_at)
        except Exception as fault:
            if sql.lost(fault):
                raise
            log.error(
                "evidence can't be stored as it came", attempt=str(one.attempt_id), fault=first_line(fault)
            )
    _store([one._replace(finding=_UNREADABLE)], observed_at)
    return None


def _store(said: Sequence[Said], observed_at: datetime | None) -> None:
    findings = [_clean(one.finding) for one in said]
    details = [_text(json.dumps(dict(finding.detail), sort_keys=True, default=str)) for finding in findings]
    params = {
        "ids": packed(uuid7s(len(said))),
        "digests": [_digest(one, detail) for one, detail in zip(findings, details, strict=True)],
        "details": f"[{','.join(details)}]",
        "outcomes": [finding.outcome.value for finding in findings],
        "classes": [finding.failure_class.value for finding in findings],
        "now": observed_at or clock.machine_now(),
        "attempt_id": packed(one.attempt_id for one in said),
        "payment_id": packed(one.payment_id for one in said),
        **sql.columns(said, "send_no", "source"),
        **sql.columns(
            findings, "code", "message", "provisional", "provider_ref", "movement_id", "gross_minor", "currency",
            "fee_minor", "network_fee_minor", "network_currency", "retry_seconds",
        ),
    }  # fmt: skip
    with sql.transaction.atomic():
        sql.rows(sql.statement(__file__, "store_evidence"), params)
        points.reach(points.EVIDENCE_BEFORE_COMMIT)
    points.reach(points.EVIDENCE_COMMITTED)


def _clean(finding: Finding) -> Finding:
    """Without what PostgreSQL can't hold: the world's text must never keep its truth from being stored."""
    return replace(
        finding,
        code=_text(finding.code),
        message=_text(finding.message),
        provider_ref=_text(finding.provider_ref),
        movement_id=_text(finding.movement_id),
    )


def _text(text: str | None) -> str:
    return (text or "").replace("\x00", "").replace("\\u0000", "").encode("utf-8", "replace").decode()


def _digest(finding: Finding, detail: str) -> str:
    parts = (
        finding.outcome.value, finding.code, finding.provider_ref, finding.movement_id,
        str(finding.gross_minor), finding.currency, str(finding.fee_minor), detail,
    )  # fmt: skip
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
