"""What a look at an approval found: asked of the provider, stored with its time, and told where it is news."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from engine.audit.act import note
from engine.core import clock
from engine.core.actor import SYSTEM, Actor
from engine.outbox.emit import emit
from engine.providers import registry
from engine.providers.abilities import ApprovalFound
from engine.providers.base import ProviderUnavailable
from payments.methods import rows
from payments.models import PaymentMethod


def find(method: PaymentMethod, needed_minor: int) -> ApprovalFound:
    """What stands at the provider. Calls out. Raises Refusal where it does not answer."""
    try:
        return registry.approving(method.provider).find_approval(method.details, needed_minor=needed_minor)
    except ProviderUnavailable as fault:
        raise rows.silent(method.provider, fault) from None


def store(
    method: PaymentMethod,
    found: ApprovalFound,
    *,
    activate: bool,
    due_at: datetime | None = None,
    by: Actor = SYSTEM,
) -> PaymentMethod:
    """Write what was found, with its time; news is told. What stands at the provider is pinned wherever it is seen."""
    with transaction.atomic():
        now = clock.machine_now()
        locked = PaymentMethod.objects.select_for_update().get(pk=method.pk)
        warned = found.code == locked.check_code and due_at in (None, locked.warned_due_at)
        locked.checked_at, locked.check_code, locked.check_message = now, found.code, found.message
        locked.balance_minor, locked.allowance_minor = found.balance_minor, found.allowance_minor
        events = []
        if found.code and not warned:
            locked.warned_due_at = due_at
            events.append(rows.event("warning", locked, now, **_facts(found), due_at=due_at))
        if found.granted:
            locked.details = dict(found.details)
        if activate and locked.state == PaymentMethod.State.PENDING:
            locked.state, locked.activated_at = PaymentMethod.State.ACTIVE, now
            before, after = {"state": PaymentMethod.State.PENDING}, {"state": locked.state}
            note(by, "activate_method", PaymentMethod, method.pk, before=before, after=after)
            events.append(rows.event("activated", locked, now, **_facts(found)))
        locked.save()
        emit(events, machine_at=now)
    return locked


def _facts(found: ApprovalFound) -> dict[str, Any]:
    return {"code": found.code, "message": found.message, "balance_minor": found.balance_minor,
            "allowance_minor": found.allowance_minor}  # fmt: skip
