"""The method that a customer's next subscription is collected from unless it names another: one each at most."""

from __future__ import annotations

from uuid import UUID

from engine.audit.act import act
from engine.core import clock
from engine.core.actor import SYSTEM, Actor
from engine.core.errors import Refusal
from engine.outbox.emit import emit
from payments.methods import rows
from payments.models import PaymentMethod


def make_default(method_id: UUID, *, reason: str = "", by: Actor = SYSTEM) -> PaymentMethod:
    """Make an active method its customer's default, in place of the one before. Writes; harmless twice.

    Raises Refusal for a method that is not there or not active.
    """
    kept = ("is_default",)
    with act(by, "make_default_method", PaymentMethod, method_id, fields=kept, reason=reason, reasoned=False):
        # All of the customer's, so that two who do this at once do it one after the other.
        of_customer = PaymentMethod.objects.filter(customer_id=rows.get(method_id).customer_id)
        methods = {each.pk: each for each in of_customer.order_by("pk").select_for_update()}
        chosen = methods[method_id]
        if chosen.state != PaymentMethod.State.ACTIVE:
            raise Refusal("payment_method_not_active", f"the payment method is {chosen.state}; it must be active",
                          param="payment_method")  # fmt: skip
        if not chosen.is_default:
            of_customer.filter(is_default=True).update(is_default=False)
            chosen.is_default = True
            now = clock.machine_now()
            event = rows.event("made_default", chosen, now)
            chosen.save(update_fields=["is_default", "version"])
            emit([event], machine_at=now)
        return chosen


def default_of(customer_id: UUID, *, currency: str) -> UUID | None:
    """The customer's default method, if there is one and it pays in `currency`. Reads."""
    found = PaymentMethod.objects.filter(customer_id=customer_id, is_default=True, currency=currency)
    return found.values_list("pk", flat=True).first()
