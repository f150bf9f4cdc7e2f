"""What is due of methods at gateways: set-ups are looked at until they are done or too late, removed ones forgotten.

Rows say when (`next_action_at`), so nothing is lost with a worker or a wake-up; a gateway that does not answer is asked
again, with growing gaps.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import transaction

from engine.core import clock, sql
from engine.core.errors import first_line
from engine.providers import registry
from engine.providers.base import ProviderUnavailable
from payments import charge, states
from payments.methods import rows
from payments.methods.setup import find_setup, take_setup
from payments.models import Payment, PaymentMethod
from payments.pipeline import spans

log = structlog.get_logger(__name__)
BATCH = 10  # taken at once: each costs a call
LONGEST_SECONDS = 60


class Taken(NamedTuple):
    """Methods that are this worker's until `until`."""

    ids: list[UUID]
    until: datetime


def waiting() -> bool:
    """Whether anything is due. Reads, by index."""
    return PaymentMethod.objects.filter(next_action_at__lte=clock.machine_now()).exists()


def work(*, seconds: float = LONGEST_SECONDS) -> dict[str, int]:
    """Look at the set-ups that are due, and have gateways forget removed methods; how many, and how many must wait.

    Commits per method and calls out, never inside a transaction. Any number may run. Ends when nothing is due, or
    after `seconds`; a gateway that does not answer is asked no second time in one batch.
    """
    end = time.monotonic() + seconds
    done: Counter[str] = Counter()
    while time.monotonic() < end:
        taken = _take(BATCH)
        if not taken.ids:
            break
        done += _work(taken, end)
    return {name: done[name] for name in ("looked_at", "forgotten", "unanswered")}


def _take(most: int) -> Taken:
    """Lease what is due, so that nobody else calls for it. Commits."""
    with transaction.atomic():
        now = clock.machine_now()
        until = now + timedelta(seconds=spans.take())
        params = {"now": now, "until": until, "most": most}
        found = sql.rows(sql.statement(__file__, "take_due_methods"), params)
    return Taken([row[0] for row in found], until)


def _work(taken: Taken, end: float) -> Counter[str]:
    done: Counter[str] = Counter()
    silent: set[str] = set()
    for method in PaymentMethod.objects.filter(pk__in=taken.ids).order_by("pk"):
        if time.monotonic() >= end:
            break  # the lease runs out, and the next run goes on
        if method.provider in silent:
            _wait(method.pk, taken.until)
            done["unanswered"] += 1
            continue
        try:
            done[_work_one(method, taken.until)] += 1
        except Exception as fault:
            if sql.lost(fault):
                raise
            # A refusal, or a fault of an adapter: one method keeps no other from its look.
            log.warning("a payment method at a gateway waits", payment_method=str(method.pk),
                        provider=method.provider, fault=first_line(fault))  # fmt: skip
            if getattr(fault, "code", "") == "provider_unavailable":
                silent.add(method.provider)
            _wait(method.pk, taken.until)
            done["unanswered"] += 1
    return done


def _work_one(method: PaymentMethod, until: datetime) -> str:
    if method.state == PaymentMethod.State.REMOVED and method.activated_at is not None:
        return _forget(method, until)
    take_setup(method.pk, find_setup(method), leased=until)
    return "looked_at"


def _forget(method: PaymentMethod, until: datetime) -> str:
    """Once nothing is collected from it any more, and no other method stands for the same card."""
    if _still_used(method):
        _wait(method.pk, until)
        return "unanswered"
    if not _shared(method):
        try:
            registry.setting_up(method.provider).forget_setup(method.details)
        except ProviderUnavailable as fault:
            raise rows.silent(method.provider, fault) from None
    PaymentMethod.objects.filter(pk=method.pk, next_action_at=until).update(next_action_at=None)
    return "forgotten"


def _still_used(method: PaymentMethod) -> bool:
    """Index: open_payments_in_queue."""
    queue = charge.queue_of(method.provider, method.details, method.pk)
    return Payment.objects.filter(
        queue_key=queue, method_id=method.pk, state__in=states.OPEN_PAYMENT
    ).exists()


def _shared(method: PaymentMethod) -> bool:
    """Some gateways give one token for a card, however often it is given: another method of it must go on working."""
    source = method.details.get("source")
    same = PaymentMethod.objects.filter(
        customer_id=method.customer_id, provider=method.provider, state=PaymentMethod.State.ACTIVE
    )
    return bool(source) and same.filter(details__source=source).exists()


def _wait(method_id: UUID, until: datetime) -> None:
    """Further away each time. Who has it by now, or what a callback asked for meanwhile, is left alone. Commits."""
    with transaction.atomic():
        method = PaymentMethod.objects.select_for_update().filter(pk=method_id, next_action_at=until).first()
        if method is not None:
            method.next_action_at = clock.machine_now() + timedelta(seconds=spans.look(method.looks))
            method.looks += 1
            method.save(update_fields=["next_action_at", "looks"])
