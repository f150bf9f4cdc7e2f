"""Which payment bears a dispute: none where it is not known, or where its payee holds nothing of it here."""

from __future__ import annotations

from typing import NamedTuple

from engine.providers.abilities import DisputeFound
from payments.models import Dispute, Evidence, Payment


class Charge(NamedTuple):
    """`payment` bears the dispute; None: nobody's does, and `why`. `named` is the payment that it names, if any."""

    payment: Payment | None
    named: Payment | None
    why: str


def of(row: Dispute, found: DisputeFound) -> Charge:
    """Whose it is, with that payment locked: what was placed stays there. Reads."""
    if row.payment_id is not None:
        payment = Payment.objects.select_for_update().get(pk=row.payment_id)
        return Charge(payment, payment, "")
    said = Evidence.objects.filter(attempt__provider=row.provider, attempt__state="succeeded")
    named = said.filter(movement_id=found.charge_ref).exclude(movement_id="").first()
    named = named or said.filter(provider_ref=found.charge_ref).exclude(provider_ref="").first()
    if named is None:
        return Charge(None, None, f"no payment of ours is {found.charge_ref or 'named'} at {row.provider}")
    payment = Payment.objects.select_for_update().get(pk=named.payment_id)
    fits = payment.operation == "charge" and payment.settlement == "platform"
    if fits and payment.currency == found.currency:
        return Charge(payment, payment, "")
    why = f"what it names is a {payment.operation} in {payment.currency}, settled {payment.settlement}"
    return Charge(None, payment, why)
