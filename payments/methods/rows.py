"""One method's row: found, locked, told of, and shown to the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core import clock
from engine.core.errors import Refusal
from engine.outbox.emit import NewEvent
from engine.providers.base import ProviderUnavailable
from payments.models import PaymentMethod


def get(method_id: UUID) -> PaymentMethod:
    """The method. Raises Refusal if there is none."""
    found = PaymentMethod.objects.filter(pk=method_id).first()
    if found is None:
        raise Refusal("payment_method_unknown", "there is no such payment method", param="payment_method")
    return found


def locked(method_id: UUID) -> PaymentMethod:
    """The same, locked until the end of the caller's transaction."""
    found = PaymentMethod.objects.select_for_update().filter(pk=method_id).first()
    return found or get(method_id)


def not_removed(method: PaymentMethod) -> None:
    """Raises Refusal for a method that was removed."""
    if method.state == PaymentMethod.State.REMOVED:
        raise Refusal("payment_method_removed", "this payment method was removed", param="payment_method")


def event(what: str, method: PaymentMethod, at: datetime, **facts: Any) -> NewEvent:
    """The next event of the locked method, under its next version; the caller saves it. `at` is machine time."""
    method.version += 1
    payload = {"payment_method_id": method.pk, "customer_id": method.customer_id, **facts}
    return NewEvent(f"payment_method.{what}", "payment_method", method.pk, method.version, clock.REAL, at,
                    None, payload)  # fmt: skip


def silent(provider: str, fault: ProviderUnavailable) -> Refusal:
    """What is said where the provider does not answer."""
    return Refusal(
        "provider_unavailable", f"{provider} can't be asked now: {fault.message}", param="provider"
    )
