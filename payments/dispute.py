"""Disputes: what a payer's bank took back, as the provider has it now. By a look alone; a callback is a hint.

While one is open the money is away, the payee's part is frozen and nothing is refunded. Won, all is as it was; lost,
the payee bears their part and the platform its own, with what the provider asks for it. One that names no payment of
ours, or one that can't bear it, is booked the same way, with no payee's part and a case.
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
from payments import dispute_books, dispute_charge, shares, states
from payments import dispute_moves as move
from payments.dispute_charge import Charge
from payments.models import Case, Dispute, Payment

CASE = "disputed"
UNPLACED = "dispute_unplaced"
OPEN = states.OPEN_DISPUTE


def heard(provider: str, dispute_ref: str) -> str:
    """Look a dispute up and keep what is found; what came of it, in a sentence. Calls out and commits.

    Raises Refusal for one that its provider does not know, or of a provider without disputes; ProviderUnavailable;
    and RuntimeError inside a transaction (I3).
    """
    if not sql.outside_transaction():
        raise RuntimeError("a transaction is open across a network call (I3)")
    asked = registry.get(provider) if provider in registry.names() else None
    if asked is None or not hasattr(asked, "find_dispute"):
        raise Refusal("no_disputes", f"{provider} knows no disputes", param="provider")
    kept = keep(provider, asked.find_dispute(dispute_ref))
    said = f"dispute {kept.get_state_display().lower()}: {money.shown(kept.amount_minor, kept.currency)}"
    return said if kept.payment_id is not None else f"{said}; no payment bears it, a case asks a person"


def names(provider: str, dispute_ref: str) -> UUID | None:
    """The payment whose money a kept dispute is about, whether or not it bears it. Reads."""
    case = Dispute.objects.filter(provider=provider, dispute_ref=dispute_ref).values("case_id")
    return Case.objects.filter(pk__in=case).values_list("payment_id", flat=True).first()


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

    What names no payment that could bear it is booked all the same, with a case; once it does, it moves there.
    """
    with transaction.atomic():
        row, new = _row(provider, found)
        charge = dispute_charge.of(row, found)
        if row.payment_id is None:
            row.charge_ref = found.charge_ref[:160]
        row.evidence_due_at, row.looked_at = found.evidence_due_at, clock.machine_now()
        if new:
            _open(row, charge, found)
        if _fits(row, found):
            _follow(row, charge, found)
            if found.state.value != row.state:
                _move(row, charge.payment, found)
        else:
            _contradicted(row, found)
        _bear_more(row, charge.payment)
        if row.cost_minor != found.fee_minor:
            dispute_books.cost(row, charge.payment, found.fee_minor - row.cost_minor)
            row.cost_minor, row.costs = found.fee_minor, row.costs + 1
        move.write(row)
    return row


def _row(provider: str, found: DisputeFound) -> tuple[Dispute, bool]:
    """Its row, locked before its payment is, and whether this look made it. Another may make it at the same time."""
    now, theirs = clock.machine_now(), {"provider": provider, "dispute_ref": found.dispute_ref}
    row = Dispute.objects.select_for_update().filter(**theirs).first()
    if row is not None:
        return row, False
    made = Dispute(
        id=uuid7(), **theirs, currency=found.currency, amount_minor=found.amount_minor, counted_minor=0, fee_minor=0,
        reason=found.reason, case_id=uuid7(), opened_at=found.opened_at, looked_at=now, created_at=now,
    )  # fmt: skip
    Dispute.objects.bulk_create([made], ignore_conflicts=True)
    row = Dispute.objects.select_for_update().get(**theirs)
    return row, row.pk == made.pk


def _open(row: Dispute, charge: Charge, found: DisputeFound) -> None:
    """The money is away; as far as a payment bears it, the payee's part is frozen. A person is asked. Writes."""
    Case.objects.create(id=row.case_id, kind=_kind(charge), payment=charge.named, opened_at=row.created_at,
                        sentence=_sentence(charge, found))  # fmt: skip
    _book(row, charge.payment, found.amount_minor)
    tell(row, charge.payment, "dispute.opened")


def _book(row: Dispute, payment: Payment | None, amount_minor: int) -> None:
    """Counted on its payment as far as that has room."""
    row.payment, row.amount_minor = payment, amount_minor
    if payment is not None:
        row.counted_minor = min(amount_minor, shares.left_of(payment))
        row.fee_minor = shares.fee_of(payment, row.counted_minor)
        payment.disputed_minor += row.counted_minor
        payment.save(update_fields=["disputed_minor"])
    dispute_books.opened(row, payment)


def _fits(row: Dispute, found: DisputeFound) -> bool:
    """Whether what was found can follow on what is booked: an end stays as it is, and so does a currency."""
    if row.currency != found.currency:
        return False
    same = (row.state, row.amount_minor) == (found.state.value, found.amount_minor)
    return same or row.ended_at is None


def _follow(row: Dispute, charge: Charge, found: DisputeFound) -> None:
    """Of an open one: another amount, or a payment that was not known before, is booked anew."""
    placed = row.payment_id is None and charge.payment is not None
    if row.ended_at is not None or not (placed or row.amount_minor != found.amount_minor):
        return
    _undo(row, charge.payment if row.payment_id is not None else None)
    _book(row, charge.payment, found.amount_minor)
    Case.objects.filter(pk=row.case_id).update(kind=_kind(charge), payment=charge.named,
                                               sentence=_sentence(charge, found))  # fmt: skip
    tell(row, charge.payment, "dispute.changed")


def _undo(row: Dispute, bearer: Payment | None) -> None:
    """What is booked of it, to be booked anew."""
    dispute_books.corrected(row, bearer)
    if bearer is not None:
        bearer.disputed_minor -= row.counted_minor
    row.corrections, row.version = row.corrections + 1, row.version + 1
    row.counted_minor = row.fee_minor = 0
    move.write(row)  # so that its part of the fee is not taken for another one's


def count_again(dispute_id: UUID) -> bool:
    """Book one anew that its payment can bear more of; whether it could. Commits."""
    with transaction.atomic():
        row = Dispute.objects.select_for_update().get(pk=dispute_id)
        if row.payment_id is None:
            return False
        before = row.corrections
        _bear_more(row, Payment.objects.select_for_update().get(pk=row.payment_id))
        move.write(row)
        return row.corrections > before


def _bear_more(row: Dispute, payment: Payment | None) -> None:
    """A refund that was on its way when it was counted came to nothing: that was the disputed money, too. A lost one's
    payee bears it like an open one's."""
    if payment is None or row.payment_id is None or row.state == Dispute.State.WON:
        return
    if row.counted_minor == row.amount_minor or not shares.left_of(payment):
        return
    _undo(row, payment)
    _book(row, payment, row.amount_minor)
    if row.state == Dispute.State.LOST:
        dispute_books.lost(row, payment)
    tell(row, payment, "dispute.changed")


def _kind(charge: Charge) -> str:
    return CASE if charge.payment is not None else UNPLACED


def _sentence(charge: Charge, found: DisputeFound) -> str:
    shown = money.shown(found.amount_minor, found.currency)
    due = f"; evidence is due by {found.evidence_due_at:%Y-%m-%d %H:%M} UTC" if found.evidence_due_at else ""
    if charge.payment is not None:
        return f"its payer disputes {shown} ({found.reason}){due}"
    return f"a payer disputes {shown} ({found.reason}), and {charge.why}: it lies with no payee{due}"


def _contradicted(row: Dispute, found: DisputeFound) -> None:
    """What had ended stays so, and what is booked in one currency: a person is told, once of each such word."""
    was, said = f"{row.state}", f"{found.state.value}"
    if (row.amount_minor, row.currency) != (found.amount_minor, found.currency):
        was += f" over {money.shown(row.amount_minor, row.currency)}"
        said += f" over {money.shown(found.amount_minor, found.currency)}"
    sentence = f"the dispute was {was}, and is said to be {said}"
    Case.objects.filter(pk=row.case_id).exclude(sentence=sentence).update(
        closed_at=None, closed_by="", resolution="", sentence=sentence
    )


def _move(row: Dispute, payment: Payment | None, found: DisputeFound) -> None:
    """To the state that was found. What was lost and no payee bears stays a person's to explain."""
    move.move(row, found.state.value)
    if row.state == Dispute.State.WON:
        if payment is not None:
            payment.disputed_minor -= row.counted_minor
            payment.save(update_fields=["disputed_minor"])
        dispute_books.won(row, payment)
    elif row.state == Dispute.State.LOST:
        dispute_books.lost(row, payment)
    if row.ended_at is not None:
        _end_case(row)
    tell(row, payment, f"dispute.{row.state}")


def _end_case(row: Dispute) -> None:
    case, said = Case.objects.filter(pk=row.case_id, closed_at=None), f"the dispute was {row.state}"
    if row.payment_id is None and row.state == Dispute.State.LOST:
        shown = money.shown(row.amount_minor, row.currency)
        case.update(sentence=f"{said}, and no payment is known that bears it: {shown} is the platform's loss")
    else:
        case.update(closed_at=row.ended_at, closed_by="clearbeat", resolution=said)


def tell(row: Dispute, payment: Payment | None, event: str) -> None:
    """Emit what happened to a dispute; `payment` None: no payment bears it. Writes in the caller's transaction."""
    now, clock_id = clock.machine_now(), payment.clock_id if payment else clock.REAL
    at = clock.business_times([clock_id], now)[clock_id]
    payload = {
        "dispute_id": row.pk, "payment_id": row.payment_id, "state": row.state, "amount_minor": row.amount_minor,
        "currency": row.currency, "reason": row.reason, "evidence_due_at": row.evidence_due_at,
        "provider": row.provider, "source": [payment.source_kind, payment.source_id] if payment else None,
    }  # fmt: skip
    emit([NewEvent(event, "dispute", row.pk, row.version, clock_id, at, payment.correlation_id if payment else None,
                   payload)], machine_at=now)  # fmt: skip
