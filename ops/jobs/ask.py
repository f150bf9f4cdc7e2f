"""Asking for a cycle or a maintenance: a row, which the tick finds. Nothing is published."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import transaction

from engine.audit.act import note
from engine.core import clock
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from ops.models import Job


class Asked(NamedTuple):
    """The job that will do it; not `new` where one was waiting already."""

    job: Job
    new: bool


def ask(kind: str, *, by: Actor, reason: str = "") -> Asked:
    """The waiting job of that kind, made if there is none: a second one would find nothing left. Writes.

    Raises NotAllowed below operator, Refusal for a kind that there is not.
    """
    if kind not in Job.Kind.values:
        raise Refusal("job_kind_unknown", f"there are: {', '.join(Job.Kind.values)}", param="kind")
    by.must_be(Role.OPERATOR, kind)
    with transaction.atomic():
        while True:
            made = _new(kind, by, reason)
            Job.objects.bulk_create([made], ignore_conflicts=True)
            found = Job.objects.filter(kind=kind, state=Job.State.WAITING).first()
            if found is not None:  # otherwise a worker took it between the two
                break
        if found.pk == made.pk:
            note(by, f"ask_{kind}", Job, made.pk, reason=reason)
    return Asked(found, found.pk == made.pk)


def _new(kind: str, by: Actor, reason: str) -> Job:
    now = clock.machine_now()
    return Job(id=uuid7(), kind=kind, asked_by=by.name[:150], reason=reason, correlation_id=_correlation(),
               created_at=now, next_action_at=now)  # fmt: skip


def _correlation() -> UUID:
    """The request's own, so that its log lines and the worker's are found together."""
    bound = structlog.contextvars.get_contextvars().get("correlation_id")
    return UUID(str(bound)) if bound else uuid7()
