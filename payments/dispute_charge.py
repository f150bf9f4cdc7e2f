"""Which payment bears a dispute: none where it is not known, or where its payee holds nothing of it here."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Exists, OuterRef

from engine.ledger.models import Transfer
from engine.providers.abilities import DisputeFound
from payments import shares
from payments.models import Dispute, Evidence, Payment
from payments.pipeline import in_suspense
from payments.pipeline.books import REFUSED
from payments.pipeline.evidence import BOOKED


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
    named = _named(row, found)
    if named is None:
        return Charge(None, None, f"no payment of ours is {found.charge_ref or 'named'} at {row.provider}")
    payment = Payment.objects.select_for_update().get(pk=named.payment_id)
    fits = payment.operation == "charge" and payment.settlement == "platform"
    outside = _is_outside(named, payment)
    if fits and payment.currency == found.currency and not outside:
        return Charge(payment, payment, "")
    if fits and outside:
        return Charge(
            None,
            payment,
            "what it names lies in suspense, came late or beyond what was paid, was refused by what it was for, "
            "or was taken back",
        )
    why = f"what it names is a {payment.operation} in {payment.currency}, settled {payment.settlement}"
    return Charge(None, payment, why)


def _named(row: Dispute, found: DisputeFound) -> Evidence | None:
    """What told of the charge: of an attempt that brought money, wherever that lies."""
    booked = Evidence.objects.filter(attempt_id=OuterRef("attempt_id"), verdict__in=BOOKED)
    said = Evidence.objects.filter(Exists(booked), attempt__provider=row.provider).order_by("pk")
    named = said.filter(movement_id=found.charge_ref).exclude(movement_id="").first()
    return named or said.filter(provider_ref=found.charge_ref).exclude(provider_ref="").first()


def _is_outside(named: Evidence, payment: Payment) -> bool:
    """Whether what came lies outside what its payment counts: in suspense, or late or beside what paid in unapplied."""
    if payment.state == Payment.State.SUCCEEDED_LATE:
        return named.attempt_id not in shares.paid_late(payment)
    elsewhere = Evidence.objects.filter(attempt_id=named.attempt_id, verdict="late, paid elsewhere")
    return named.attempt.state != "succeeded" or elsewhere.exists() or _is_refused(payment)


def _is_refused(payment: Payment) -> bool:
    """Whether its source refused the success, and nobody has applied it: its payee never got a part of it."""
    booked = Transfer.objects.filter(source_id=payment.pk)
    return booked.filter(kind=REFUSED).exists() and not booked.filter(kind=in_suspense.APPLIED).exists()
