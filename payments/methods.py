"""Payment methods of providers that pull by approval: what the payer signs, activation, checks.

Calls out to the provider, never inside a transaction; what it learns is stored with its time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from engine.audit.act import note
from engine.core import clock, money
from engine.core.actor import SYSTEM, Actor, Role
from engine.core.errors import Refusal, first_line
from engine.core.ids import uuid7
from engine.core.metadata import check_metadata
from engine.outbox.emit import NewEvent, emit
from engine.providers import registry
from engine.providers.abilities import ApprovalAsked, ApprovalFound
from engine.providers.base import ProviderUnavailable
from payments import cancel
from payments.models import PaymentMethod
from payments.pipeline import stop
from payments.sources import HookRefused

DEFAULT = "solana_delegate"


@dataclass(frozen=True, slots=True)
class Added:
    """A pending method, and the approval its payer is to give."""

    method: PaymentMethod
    approval: ApprovalAsked


def ask(
    *,
    wallet: str,
    currency: str,
    add_minor: int,
    commitments_minor: int = 0,
    provider: str = DEFAULT,
    options: Mapping[str, Any] | None = None,
) -> ApprovalAsked:
    """The unsigned approval (base64) for the wallet to sign. Calls out, writes nothing.

    `add_minor` is what this commitment may pull in all; what is left of an approval of ours is kept on top.
    Raises Refusal for a malformed wallet, a currency without an allowed token, an amount that is no whole number
    above zero, or a provider that does not answer.
    """
    try:
        return registry.approving(provider).ask_approval(
            payer=wallet,
            currency=currency,
            add_minor=add_minor,
            commitments_minor=commitments_minor,
            options=options or {},
        )
    except ProviderUnavailable as fault:
        raise _silent(provider, fault) from None


def keep(
    asked: ApprovalAsked,
    *,
    customer_id: UUID,
    currency: str,
    provider: str = DEFAULT,
    metadata: Mapping[str, Any] | None = None,
    by: Actor = SYSTEM,
) -> PaymentMethod:
    """A pending method for an approval that was asked for. Writes."""
    by.must_be(Role.OPERATOR, "add_method")
    with transaction.atomic():
        method = PaymentMethod.objects.create(
            id=uuid7(), customer_id=customer_id, provider=provider, currency=currency, details=dict(asked.details),
            metadata=check_metadata(metadata), created_at=clock.machine_now(),
        )  # fmt: skip
        after = {"customer_id": customer_id, "provider": provider, "currency": currency,
                 "wallet": asked.details.get("payer", "")}  # fmt: skip
        note(by, "add_method", PaymentMethod, method.pk, after=after)
    return method


def add(
    *,
    customer_id: UUID,
    wallet: str,
    currency: str,
    add_minor: int,
    commitments_minor: int = 0,
    provider: str = DEFAULT,
    options: Mapping[str, Any] | None = None,
    by: Actor = SYSTEM,
) -> Added:
    """`ask`, then `keep`: a pending method, and the approval for its wallet to sign. Calls out, then commits."""
    by.must_be(Role.OPERATOR, "add_method")
    asked = ask(wallet=wallet, currency=currency, add_minor=add_minor, commitments_minor=commitments_minor,
                provider=provider, options=options)  # fmt: skip
    return Added(keep(asked, customer_id=customer_id, currency=currency, provider=provider, by=by), asked)


def ask_again(
    method_id: UUID,
    *,
    add_minor: int,
    commitments_minor: int = 0,
    options: Mapping[str, Any] | None = None,
) -> ApprovalAsked:
    """A fresh approval for a method whose approval is used up, revoked or too small. Calls out, reads.

    Raises Refusal as `ask`, and for a method that is not there or was removed.
    """
    method = _get(method_id)
    _not_removed(method)
    return ask(wallet=method.details["payer"], currency=method.currency, add_minor=add_minor,
               commitments_minor=commitments_minor, provider=method.provider, options=options)  # fmt: skip


def look(method_id: UUID, *, needed_minor: int, by: Actor = SYSTEM, keep: bool = True) -> ApprovalFound:
    """The approval that stands at the provider, if it covers `needed_minor`. Calls out.

    Raises Refusal with the provider's own reason where it does not: then the reason is stored with the method
    (writes and commits) unless `keep` is False; where it does nothing is written.
    """
    by.must_be(Role.OPERATOR, "activate_method")
    try:
        money.positive(needed_minor, param="needed_minor")
    except money.MoneyError as fault:
        raise Refusal("amount_invalid", str(fault), param=fault.param) from None
    method = _get(method_id)
    _not_removed(method)
    found = _find(method, needed_minor)
    if not found.granted or found.allowance_minor < needed_minor:
        if keep:
            _store(method, found, activate=False, by=by)
        raise Refusal(found.code or "allowance_too_small", found.message or _TOO_SMALL,
                      param="payment_method")  # fmt: skip
    return found


def use(method_id: UUID, found: ApprovalFound, *, by: Actor = SYSTEM) -> PaymentMethod:
    """Make the method usable with the approval that a `look` found. Writes. Raises Refusal if it was removed."""
    by.must_be(Role.OPERATOR, "activate_method")
    stored = _store(_get(method_id), found, activate=True, by=by)
    _not_removed(stored)
    return stored


def activate(method_id: UUID, *, needed_minor: int, by: Actor = SYSTEM) -> PaymentMethod:
    """`look`, then `use`: make the method usable once an approval stands. Calls out, then writes and commits."""
    return use(method_id, look(method_id, needed_minor=needed_minor, by=by), by=by)


def remove(method_id: UUID, *, reason: str = "", by: Actor = SYSTEM) -> None:
    """Take the method out of use; what was to be collected from it is called back, its sources told. Writes.

    What is in flight can't be stopped; if it proves not to have left, it is not sent again. Raises Refusal,
    with nothing written, where what was to be paid from it refuses that.
    """
    by.must_be(Role.OPERATOR, "remove_method")
    with transaction.atomic():
        # Payments before their method, as a change of method takes them.
        payments, now = cancel.lock_of_method(method_id), clock.machine_now()
        locked = PaymentMethod.objects.select_for_update().filter(pk=method_id).first() or _get(method_id)
        if locked.state == PaymentMethod.State.REMOVED:
            return
        before = {"state": locked.state}
        locked.state = PaymentMethod.State.REMOVED
        event = _event("removed", locked, now)
        locked.save(update_fields=["state", "version"])
        emit([event], machine_at=now)
        _call_back(payments)
        # A payment that was being made from it meanwhile is seen by a second look, after the commit.
        transaction.on_commit(lambda: _look_again(method_id))
        note(by, "remove_method", PaymentMethod, method_id, reason=reason, before=before,
             after={"state": locked.state})  # fmt: skip


class Need(NamedTuple):
    """What a method will be asked for, in minor units, and when first (business time)."""

    method_id: UUID
    needed_minor: int
    due_at: datetime | None = None


def check(needs: Sequence[Need]) -> list[tuple[UUID, ApprovalFound]]:
    """Check methods against what they will be asked for, and warn of those that would fail.

    Calls out, then writes and commits per method: balance, allowance, what is wrong, and an event
    `payment_method.warning` for each trouble once per due date. Raises Refusal when the provider does not answer.
    """
    methods = PaymentMethod.objects.in_bulk([need.method_id for need in needs])
    results = []
    for need in needs:
        method = methods.get(need.method_id)
        if method is None or method.state == PaymentMethod.State.REMOVED:
            continue
        found = _find(method, need.needed_minor)
        _store(method, found, activate=False, due_at=need.due_at)
        results.append((need.method_id, found))
    return results


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


_TOO_SMALL = "The approval does not cover the amount; give it again."


def _find(method: PaymentMethod, needed_minor: int) -> ApprovalFound:
    try:
        return registry.approving(method.provider).find_approval(method.details, needed_minor=needed_minor)
    except ProviderUnavailable as fault:
        raise _silent(method.provider, fault) from None


def _silent(provider: str, fault: ProviderUnavailable) -> Refusal:
    return Refusal(
        "provider_unavailable", f"{provider} can't be asked now: {fault.message}", param="provider"
    )


def _store(
    method: PaymentMethod,
    found: ApprovalFound,
    *,
    activate: bool,
    due_at: datetime | None = None,
    by: Actor = SYSTEM,
) -> PaymentMethod:
    """What was found, with its time; news is told. What stands at the provider is pinned wherever it is seen."""
    with transaction.atomic():
        now = clock.machine_now()
        locked = PaymentMethod.objects.select_for_update().get(pk=method.pk)
        warned = found.code == locked.check_code and due_at in (None, locked.warned_due_at)
        locked.checked_at, locked.check_code, locked.check_message = now, found.code, found.message
        locked.balance_minor, locked.allowance_minor = found.balance_minor, found.allowance_minor
        events = []
        if found.code and not warned:
            locked.warned_due_at = due_at
            events.append(_event("warning", locked, now, **_found(found), due_at=due_at))
        if found.granted:
            locked.details = dict(found.details)
        if activate and locked.state == PaymentMethod.State.PENDING:
            locked.state = PaymentMethod.State.ACTIVE
            before, after = {"state": PaymentMethod.State.PENDING}, {"state": locked.state}
            note(by, "activate_method", PaymentMethod, method.pk, before=before, after=after)
            events.append(_event("activated", locked, now, **_found(found)))
        locked.save()
        emit(events, machine_at=now)
    return locked


def _found(found: ApprovalFound) -> dict[str, Any]:
    return {"code": found.code, "message": found.message, "balance_minor": found.balance_minor,
            "allowance_minor": found.allowance_minor}  # fmt: skip


def _event(what: str, method: PaymentMethod, at: datetime, **facts: Any) -> NewEvent:
    """The next event of the locked method, under its next version; the caller saves it."""
    method.version += 1
    payload = {"payment_method_id": method.pk, "customer_id": method.customer_id, **facts}
    return NewEvent(f"payment_method.{what}", "payment_method", method.pk, method.version, clock.REAL, at,
                    None, payload)  # fmt: skip


def _not_removed(method: PaymentMethod) -> None:
    if method.state == PaymentMethod.State.REMOVED:
        raise Refusal("payment_method_removed", "this payment method was removed", param="payment_method")


def _get(method_id: UUID) -> PaymentMethod:
    try:
        return PaymentMethod.objects.get(pk=method_id)
    except PaymentMethod.DoesNotExist:
        raise Refusal(
            "payment_method_unknown", "there is no such payment method", param="payment_method"
        ) from None
