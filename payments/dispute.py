"""Disputes: what a payer's bank took back, as the provider has it now. By a look alone; a callback is a hint.

While one is open the money is away, the payee's part is frozen and nothing is refunded. Won, all is as it was; lost,
the payee bears their part and the platform its own, with what the provider asks for it.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from engine.audit.act import check_reason, note
from engine.core import clock, money, sql
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.outbox.emit import NewEvent, emit
from engine.providers import registry
from engine.providers.abilities import DisputeFound
from engine.providers.base import ProviderUnavailable
from payments import dispute_books, shares, states
from payments import dispute_moves as move
from payments.models import Case, Dispute, Evidence, Payment

CASE = "disputed"
OPEN = states.OPEN_DISPUTE


def heard(provider: str, dispute_ref: str) -> str:
    """Look a dispute up and keep what is found; what came of it, in a sentence. Calls out and commits.

    Raises Refusal for one that names nothing of ours, or of a provider without disputes; ProviderUnavailable; and
    RuntimeError inside a transaction (I3).
    """
    if not sql.outside_transaction():
        raise RuntimeError("a transaction is open across a network call (I3)")
    asked = registry.get(provider) if provider in registry.names() else None
    if asked is None or not hasattr(asked, "find_dispute"):
        raise Refusal("no_disputes", f"{provider} knows no disputes", param="provider")
    kept = keep(provider, asked.find_dispute(dispute_ref))
    return f"dispute {kept.get_state_display().lower()}: {money.shown(kept.amount_minor, kept.currency)}"


def look_up(dispute_id: UUID, *, reason: str, by: Actor) -> None:
    """An operator's look, now. Inside a transaction (a preview) only the refusals; nobody is asked."""
    by.must_be(Role.OPERATOR, "look_up_dispute")
    check_reason(reason)
    found = Dispute.objects.filter(pk=dispute_id).first()
    if found is None:
        raise Refusal("dispute_unknown", f"there is no dispute {dispute_id}", param="dispute")
    if not sql.outside_transaction():
        return
    try:
        said = heard(found.provider, found.dispute_ref)
    except ProviderUnavailable as fault:
        raise Refusal("provider_unavailable", f"{found.provider} can't be asked now: {fault.message}",
                      param="provider") from fault  # fmt: skip
    with transaction.atomic():
        note(by, "look_up_dispute", Dispute, dispute_id, reason=reason, after={"said": said})


def keep(provider: str, found: DisputeFound) -> Dispute:
    """Write down what a look found, and book what changed. Commits.

    Raises Refusal for a charge that is not ours, or was not settled here.
    """
    with transaction.atomic():
        payment = _charge(provider, found)
        row = (
            Dispute.objects.select_for_update()
            .filter(provider=provider, dispute_ref=found.dispute_ref)
            .first()
        )
        row = row or _opened(payment, provider, found)
        now = clock.machine_now()
        row.evidence_due_at, row.looked_at = found.evidence_due_at, now
        if found.state.value != row.state:
            _move(row, payment, found)
        if row.cost_minor != found.fee_minor:
            dispute_books.cost(row, payment, found.fee_minor - row.cost_minor)
            row.cost_minor, row.costs = found.fee_minor, row.costs + 1
        move.write(row)
    return row


def _charge(provider: str, found: DisputeFound) -> Payment:
    """The disputed payment, locked."""
    said = Evidence.objects.filter(attempt__provider=provider, attempt__state="succeeded")
    named = said.filter(movement_id=found.charge_ref).exclude(movement_id="").first()
    named = named or said.filter(provider_ref=found.charge_ref).exclude(provider_ref="").first()
    if named is None:
        raise Refusal(
            "charge_unknown", f"no payment of ours is {found.charge_ref} at {provider}", param="dispute"
        )
    payment = Payment.objects.select_for_update().get(pk=named.payment_id)
    if (
        payment.operation != "charge"
        or payment.settlement != "platform"
        or payment.currency != found.currency
    ):
        raise Refusal("not_disputable", f"a {payment.operation} in {payment.currency} that is settled "
                      f"{payment.settlement} can't be disputed in {found.currency}", param="dispute")  # fmt: skip
    return payment


def _opened(payment: Payment, provider: str, found: DisputeFound) -> Dispute:
    """Its row, counted on the payment as far as that has room; the money is away, the payee's part frozen. Writes."""
    now = clock.machine_now()
    counted = min(found.amount_minor, shares.left_of(payment))
    row = Dispute.objects.create(
        id=uuid7(), payment=payment, provider=provider, dispute_ref=found.dispute_ref, currency=found.currency,
        amount_minor=found.amount_minor, counted_minor=counted, fee_minor=shares.fee_of(payment, counted),
        reason=found.reason, case_id=uuid7(), opened_at=found.opened_at, looked_at=now, created_at=now,
    )  # fmt: skip
    payment.disputed_minor += counted
    payment.save(update_fields=["disputed_minor"])
    shown = money.shown(found.amount_minor, found.currency)
    due = f"; evidence is due by {found.evidence_due_at:%Y-%m-%d %H:%M} UTC" if found.evidence_due_at else ""
    Case.objects.create(id=row.case_id, kind=CASE, payment=payment, opened_at=now,
                        sentence=f"its payer disputes {shown} ({found.reason}){due}")  # fmt: skip
    dispute_books.opened(row, payment)
    tell(row, payment, "dispute.opened")
    return row


def _move(row: Dispute, payment: Payment, found: DisputeFound) -> None:
    """To the state that was found. What had ended stays so: a person is told of the contradiction."""
    if not states.DISPUTE.allows(row.state, found.state.value):
        Case.objects.filter(pk=row.case_id).update(
            closed_at=None, closed_by="", resolution="",
            sentence=f"the dispute was {row.state}, and is said to be {found.state.value}",
        )  # fmt: skip
        return
    move.move(row, found.state.value)
    if row.state == Dispute.State.WON:
        payment.disputed_minor -= row.counted_minor
        payment.save(update_fields=["disputed_minor"])
        dispute_books.won(row, payment)
    elif row.state == Dispute.State.LOST:
        dispute_books.lost(row, payment)
    if row.ended_at is not None:
        Case.objects.filter(pk=row.case_id, closed_at=None).update(
            closed_at=row.ended_at, closed_by="clearbeat", resolution=f"the dispute was {row.state}"
        )
    tell(row, payment, f"dispute.{row.state}")


def tell(row: Dispute, payment: Payment, event: str) -> None:
    """Emit what happened to a dispute. Writes in the caller's transaction."""
    now = clock.machine_now()
    at = clock.business_times([payment.clock_id], now)[payment.clock_id]
    payload = {
        "dispute_id": row.pk, "payment_id": payment.pk, "state": row.state, "amount_minor": row.amount_minor,
        "currency": row.currency, "reason": row.reason, "evidence_due_at": row.evidence_due_at,
        "provider": row.provider, "source": [payment.source_kind, payment.source_id],
    }  # fmt: skip
    emit([NewEvent(event, "dispute", row.pk, row.version, payment.clock_id, at, payment.correlation_id, payload)],
         machine_at=now)  # fmt: skip
