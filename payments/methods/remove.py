"""Taking a method out of use: what was to be collected from it is called back, and the gateway is to forget it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from django.db import transaction

from engine.audit.act import note
from engine.core import clock
from engine.core.actor import SYSTEM, Actor, Role
from engine.core.errors import Refusal, first_line
from engine.outbox.emit import emit
from payments import cancel
from payments.methods import rows
from payments.models import PaymentMethod
from payments.pipeline import stop
from payments.sources import HookRefused


def remove(method_id: UUID, *, reason: str = "", by: Actor = SYSTEM) -> None:
    """Take the method out of use; what was to be collected from it is called back, its sources told. Writes.

    What is in flight can't be stopped; if it proves not to have left, it is not sent again. Raises Refusal,
    with nothing written, where what was to be paid from it refuses that.
    """
    by.must_be(Role.OPERATOR, "remove_method")
    with transaction.atomic():
        # Payments before their method, as a change of method takes them.
        payments, now = cancel.lock_of_method(method_id), clock.machine_now()
        locked = rows.locked(method_id)
        if locked.state == PaymentMethod.State.REMOVED:
            return
        before = {"state": locked.state}
        locked.state, locked.is_default = PaymentMethod.State.REMOVED, False
        if locked.setup_kind:
            locked.next_action_at, locked.looks = now, 0  # due.py has the gateway forget it, until it did
        event = rows.event("removed", locked, now)
        locked.save(update_fields=["state", "is_default", "next_action_at", "looks", "version"])
        emit([event], machine_at=now)
        _call_back(payments)
        # A payment that was being made from it meanwhile is seen by a second look, after the commit.
        transaction.on_commit(lambda: _look_again(method_id))
        note(by, "remove_method", PaymentMethod, method_id, reason=reason, before=before,
             after={"state": locked.state})  # fmt: skip


def _call_back(payment_ids: Sequence[UUID]) -> None:
    code, reason = stop.REMOVED
    try:
        with transaction.atomic():
            cancel.call_back_locked(payment_ids, code=code, reason=reason, machine_at=clock.machine_now())
    except HookRefused as fault:
        raise Refusal("source_refused", f"a payment from it can't be called back: {first_line(fault)}",
                      param="payment_method") from fault  # fmt: skip


def _look_again(method_id: UUID) -> None:
    """The removal stands. What a source refuses now is told to stop when it would be signed, and parked."""
    with suppress(Refusal), transaction.atomic():
        _call_back(cancel.lock_of_method(method_id))
