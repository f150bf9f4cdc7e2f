"""A lane's driver: take, mark sent, send, store evidence, until the lane is empty or its time is up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, connection

from engine.core import clock, sql
from engine.core.errors import Refusal, first_line
from engine.providers import registry
from engine.providers.base import Hold, HoldKind, Payable, Provider, ProviderUnavailable
from payments.models import Attempt, Payment
from payments.pipeline import hold, lanes, park, points, spans, stopping
from payments.pipeline.lanes import Lane, Worked
from payments.pipeline.mark_sent import mark_sent
from payments.pipeline.outbound import Outbound
from payments.pipeline.take import Taken, give_back, look, payables

log = structlog.get_logger(__name__)
_STUCK = "What it is to be signed with has not changed at the provider since it was last signed."
_UNSENT = (Payment.State.SCHEDULED,)
# Room for so many, in parts of a lane's threads, is worth a batch. More threads would idle while they wait for each
# other, and where most calls hang the rest would stop too; fewer would cost the transactions of a batch for each row.
_WORTH_A_BATCH = 1 / 16


def drive(lane: Lane, *, task_id: str = "") -> Worked:
    """Work the lane: send what is due. Commits and calls out. Any number may run (I10).

    `task_id`: the Celery task that does it; each attempt keeps it.
    """
    with lanes.only_driver("send", lane) as mine:
        if not mine or lanes.stopped(lane.provider):
            return Worked()
        provider = registry.get(lane.provider)
        until = time.monotonic() + settings.ENV.lane_seconds
        with Outbound(provider, threads=lanes.threads(), task_id=task_id) as outbound:
            while time.monotonic() < until and not stopping.is_set():
                more = _start_some(lane, provider, outbound)
                collected = outbound.collect(seconds=0.02 if more else 0.5)
                if not more and not collected and outbound.free == outbound.threads:
                    break
        return Worked(outbound.sent, outbound.unanswered, outbound.silence)


def _start_some(lane: Lane, provider: Provider, outbound: Outbound) -> bool:
    """Start as many sends as there is room for. False where nothing (more) could be started now."""
    room = outbound.free + outbound.ahead
    if room < max(1, int(outbound.threads * _WORTH_A_BATCH)):
        return False
    most = min(room, settings.ENV.payment_batch_size)
    taken, aside = look(lane.operation, lane.provider, most=most)
    if not taken:
        return aside
    faults: list[Exception] = []
    try:
        wanted = payables(taken, lane.operation, machine_at=clock.machine_now())
        over = _start(provider, wanted, outbound, faults)
    except ProviderUnavailable as fault:
        outbound.unanswered, outbound.silence = outbound.unanswered + len(wanted), fault.message
        _wait_for_provider(wanted, fault)
        return False
    except Exception:
        _give_back_if_possible(taken)
        raise
    give_back([row for row in taken if row.payment_id in over])
    if faults:
        raise faults[0]  # the others are on their way: now the run fails, so that somebody sees it
    return not over


def _start(
    provider: Provider, wanted: Sequence[Payable], outbound: Outbound, faults: list[Exception]
) -> set[UUID]:
    """Mark and start one batch; the ids that found no slot. One that is refused stops only itself.

    What is nobody's refusal but a fault of ours goes to `faults`. Raises ProviderUnavailable, and a lost
    connection as it is.
    """
    try:
        context = provider.context(wanted)
        points.reach(points.CONTEXT_FETCHED)
        marked, over = mark_sent(
            provider, wanted, context, free=outbound.free, ahead=outbound.ahead, task_id=outbound.task_id
        )
    except ProviderUnavailable:
        raise
    except Exception as fault:
        if sql.lost(fault):
            raise
        if len(wanted) > 1:
            return set().union(*(_start(provider, [one], outbound, faults) for one in wanted))
        _set_aside(wanted[0], fault)
        if not isinstance(fault, Refusal | IntegrityError | DataError):
            faults.append(fault)
        return set()
    for one in marked:
        outbound.put(one)
    return set(over)


def _set_aside(one: Payable, fault: Exception) -> None:
    """What can't be signed is parked; what a fault of ours stopped waits and is tried again, uncounted.

    What the database refuses is its own row's fault: after a few takes a person is asked, and nobody waits for it.
    """
    reason = fault.message if isinstance(fault, Refusal) else f"{type(fault).__name__}: {first_line(fault)}"
    log.error("payment can't be sent", payment_id=str(one.payment_id), reason=reason)
    now = clock.machine_now()
    with sql.transaction.atomic():
        if isinstance(fault, Refusal):
            park.park([one.payment_id], f"it can't be signed: {reason}", machine_at=now, among=_UNSENT)
            return
        held = Hold(one.payment_id, HoldKind.PROVIDER, "signing_failed", reason, spans.take())
        if _signed_before(one, fault):
            hold.write([replace(held, code="provider_stuck", message=_STUCK)], machine_at=now)
            return
        if isinstance(fault, IntegrityError | DataError):
            takes = hold.write_counted(held, machine_at=now)
            if takes >= spans.short_tries():
                why = f"it can't be signed, {takes} times: {reason}"
                park.park([one.payment_id], why, machine_at=now, among=_UNSENT)
        else:
            hold.write([held], machine_at=now)


def _signed_before(one: Payable, fault: Exception) -> bool:
    """The same bytes as an earlier attempt of its own, that did not leave: the node gave the same blockhash again."""
    diagnosis = getattr(fault.__cause__, "diag", None)
    clash = getattr(diagnosis, "constraint_name", "") == "one_attempt_per_identity"
    return clash and Attempt.objects.filter(payment_id=one.payment_id).exists()


def _give_back_if_possible(taken: list[Taken]) -> None:
    """A fault is no dead worker: four of them must not park what is healthy. Commits, if the database is there."""
    with suppress(DatabaseError):
        if sql.outside_transaction():
            connection.close_if_unusable_or_obsolete()
        give_back(taken)


def _wait_for_provider(wanted: Sequence[Payable], fault: ProviderUnavailable) -> None:
    """Nothing was signed: the payments wait for the provider, and no try is counted."""
    held = [
        Hold(one.payment_id, HoldKind.PROVIDER, fault.code, fault.message, fault.retry_seconds)
        for one in wanted
    ]
    with sql.transaction.atomic():
        hold.write(held, machine_at=clock.machine_now())
    points.reach(points.HOLD_COMMITTED)
