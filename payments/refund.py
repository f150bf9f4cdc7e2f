"""Give back what was paid: a part of it or all, once, by the provider that collected it, else by a person.

The payee's part comes out of what we owe them, the platform's out of its fee: what is not paid out yet is enough, or
the payee's account says that they owe it (docs/decisions/0022). Nothing becomes due again by a refund.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Max

from engine.audit.act import act
from engine.core import clock, money
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers import registry
from payments import cancel as calling_back
from payments import refund_books, refunded, shares, states
from payments.models import Case, Dispute, Evidence, Payment, Refund
from payments.pipeline.decision import GIVEN_AND_TAKEN
from payments.pipeline.evidence import BOOKED
from payments.refund_moves import move

BY_HAND = refunded.BY_HAND
_COUNTERS = ("state", "refunding_minor", "refunded_minor")
_KEPT = ("state", "reference", "recorded_by", "ended_at")


def request(
    payment_id: UUID,
    *,
    amount_minor: int | None = None,
    reason: str,
    by: Actor,
    metadata: Mapping[str, str] | None = None,
) -> Refund:
    """Begin to give `amount_minor` of a payment back; None: all that is left. Writes; the tick has it sent.

    Where its rail can't, the refund waits for a person, with a case. Raises Refusal for what was not paid, is in
    question or disputed, for what is no amount, and for more than is left.
    """
    with act(by, "refund", Payment, payment_id, fields=_COUNTERS, reason=reason, lock=True):
        payment = _refundable(payment_id)
        amount = _amount(payment, amount_minor)
        refund = new(payment, amount, shares.fee_of(payment, amount), reason=reason, by=by, metadata=metadata)
        payment.refunding_minor += amount
        payment.save(update_fields=["refunding_minor"])
        refund_books.request(refund, payment)
        refunded.tell(refund, payment, "refund.requested")
        if can_be_sent(payment):
            refund_books.send(refund, payment, _charge(payment))
        else:
            _ask_a_person(refund, payment)
    return refund


def _amount(payment: Payment, wanted: int | None) -> int:
    left = shares.free_of(payment)
    try:
        amount = left if wanted is None else money.positive(wanted, param="amount_minor")
    except money.MoneyError as fault:
        raise Refusal("amount_invalid", str(fault), param=fault.param) from None
    if not 0 < amount <= left:
        shown = money.shown(left, payment.currency)
        raise Refusal("refund_beyond", f"{shown} is left to refund of it", param="amount_minor")
    return amount


def cancel(refund_id: UUID, *, reason: str, by: Actor) -> Refund:
    """Call a refund back that has not been sent, or that a person was to do. Writes.

    Raises Refusal for one that is on its way or has ended.
    """
    with act(by, "cancel_refund", Refund, refund_id, fields=_KEPT, reason=reason):
        refund, payment = _open(refund_id)
        if refund.state == Refund.State.REQUESTED:
            now = clock.machine_now()
            gone = calling_back.call_back(
                "refund", [refund.pk], code="canceled", reason=reason, machine_at=now
            )
            if not gone:
                raise Refusal("refund_on_its_way", "it is on its way and can't be stopped", param="refund")
        refunded.release(refund, payment, "canceled", code="canceled", message=reason)
        _close_case(refund, f"canceled: {reason}", by)
    return refund


def record(refund_id: UUID, *, reference: str, reason: str, by: Actor) -> Refund:
    """Say that a refund by hand was done, under the `reference` by which others find it. Writes. An approver's.

    Raises Refusal for one that is not to be done by hand, or has ended, and where the provider took the charge back
    meanwhile, or its payer by a dispute, or may yet (I1): given back as well, its money would go twice.
    """
    said = reference.strip()
    with act(by, "record_refund", Refund, refund_id, fields=_KEPT, reason=reason, role=Role.APPROVER):
        refund, payment = _open(refund_id)
        if refund.state != BY_HAND:
            raise Refusal("not_by_hand", f"{payment.provider} carries it out", param="refund")
        if _is_taken_back(payment):
            raise Refusal("charge_reversed", f"{payment.provider} took the charge back, nothing of it is left to "
                          "give back: cancel the refund", param="refund")  # fmt: skip
        _must_not_be_disputed(payment)
        if not 0 < len(said) <= 200:
            raise Refusal("reference_invalid", "say in at most 200 characters where it is found, such as a transfer's "
                          "number", param="reference")  # fmt: skip
        refund.reference, refund.recorded_by = said, by.name[:150]
        refund_books.by_hand(refund, payment)
        refunded.succeed(refund, payment)
        _close_case(refund, f"done, {said}: {reason}", by)
    return refund


def done_by_hand(
    payment: Payment,
    amount: int,
    fee: int,
    *,
    reference: str,
    reason: str,
    by: Actor,
    attempt_id: UUID | None = None,
) -> Refund:
    """A refund that is over as it is written down: what went back already, whoever sent it. Writes in the caller's act,
    which has locked the payment. Raises HookRefused.

    The payment counts as much of it as it has room for; `attempt_id` as for `new`.
    """
    row = new(payment, amount, fee, reason=reason, by=by, attempt_id=attempt_id)
    refund_books.request(row, payment)
    refunded.tell(row, payment, "refund.requested")
    row.reference, row.recorded_by = reference[:200], by.name[:150]
    row.counted_minor = 0 if attempt_id else min(amount, shares.left_of(payment))
    move(row, "by_hand")
    refund_books.by_hand(row, payment)
    refunded.done(row, payment)
    return row


def _refundable(payment_id: UUID) -> Payment:
    payment = Payment.objects.select_for_update().filter(pk=payment_id).first()
    if payment is None:
        raise Refusal("payment_unknown", f"there is no payment {payment_id}", param="payment")
    paid = payment.state == Payment.State.SUCCEEDED or shares.paid_late(payment)
    if payment.operation != "charge" or not paid:
        raise Refusal("not_paid", f"it is a {payment.operation} that is {payment.state}: only what was paid is given "
                      "back", param="payment")  # fmt: skip
    if Evidence.objects.filter(payment_id=payment.pk, applied_at=None).exists():
        raise Refusal("evidence_waits", "evidence of it is not applied yet; try again", param="payment")
    if Dispute.objects.filter(payment=payment, state__in=states.OPEN_DISPUTE).exists():
        raise Refusal("payment_disputed", "its payer disputes it: that is decided first", param="payment")
    case = Case.objects.filter(payment=payment, closed_at=None).exclude(kind=refunded.CASE).first()
    if case is not None:
        raise Refusal("case_open", f"a case of it is open ({case.kind}): {case.sentence}", param="payment")
    return payment


def new(
    payment: Payment,
    amount: int,
    fee: int,
    *,
    reason: str,
    by: Actor,
    metadata: Mapping[str, str] | None = None,
    attempt_id: UUID | None = None,
) -> Refund:
    """The row with its number; `fee` is the platform's part of it. Writes. Under the payment's lock nobody else counts.

    `attempt_id`: which brought what came late.
    """
    last = Refund.objects.filter(payment=payment).aggregate(last=Max("refund_no"))["last"] or 0
    now = clock.machine_now()
    return Refund.objects.create(
        id=uuid7(), payment=payment, refund_no=last + 1, currency=payment.currency, amount_minor=amount, fee_minor=fee,
        attempt_id=attempt_id, counted_minor=0 if attempt_id else amount, reason=reason,
        created_by=by.name[:150], metadata=dict(metadata or {}), created_at=now,
    )  # fmt: skip


def _ask_a_person(refund: Refund, payment: Payment) -> None:
    """No provider carries it out: it waits, with a case."""
    shown = money.shown(refund.amount_minor, refund.currency)
    sentence = f"{shown} is to be given back by hand: {why_not(payment)}"
    case = Case.objects.create(id=uuid7(), kind=refunded.CASE, payment=payment, sentence=sentence,
                               opened_at=refund.created_at)  # fmt: skip
    refund.case_id = case.pk
    move(refund, "by_hand")
    refunded.tell(refund, payment, "refund.by_hand")


def can_be_sent(payment: Payment) -> bool:
    """By its provider's sheet. Money that went to the payee directly is not ours to send back. No calls."""
    there = payment.provider in registry.names()
    return (
        payment.settlement == "platform"
        and there
        and "refund" in registry.get(payment.provider).sheet.operations
    )


def why_not(payment: Payment) -> str:
    """Why not, for a person to read: with the sheet's own reason, where it has one."""
    said = f"{payment.provider} gives nothing back by itself"
    if payment.settlement != "platform":
        said = f"by {payment.provider} it went to the payee directly"
    there = payment.provider in registry.names()
    why = registry.get(payment.provider).sheet.refused.get("refund") if there else None
    return f"{said}: {why}" if why else said


def _is_taken_back(payment: Payment) -> bool:
    """By its provider: of what had come late and paid all the same, its payment stays what it is, and so does any until
    a person has said whether what was given back of it left twice."""
    late = payment.state == Payment.State.SUCCEEDED_LATE
    gone = payment.state == Payment.State.REVERSED or (late and not shares.paid_late(payment))
    return gone or Case.objects.filter(payment=payment, kind=GIVEN_AND_TAKEN, closed_at=None).exists()


def _must_not_be_disputed(payment: Payment) -> None:
    """Raises Refusal while a dispute of it is open, and where a lost one left too little for what goes back."""
    if Dispute.objects.filter(payment=payment, state__in=states.OPEN_DISPUTE).exists():
        raise Refusal("payment_disputed", "its payer disputes it: that is decided first", param="payment")
    if shares.uncounted(payment) > shares.left_of(payment):
        raise Refusal("dispute_lost", "its payer had it back by a dispute, and too little is left of it: cancel the "
                      "refund", param="refund")  # fmt: skip


def _charge(payment: Payment) -> Evidence:
    """What said that the payment succeeded, or came late and paid its debt all the same."""
    said = Evidence.objects.filter(payment_id=payment.pk, outcome="succeeded", attempt__state="succeeded")
    verdicts = ["succeeded", "amount differs"]
    if payment.state == Payment.State.SUCCEEDED_LATE:
        said, verdicts = said.filter(attempt_id__in=shares.paid_late(payment)), list(BOOKED)
    found = said.filter(verdict__in=verdicts).order_by("-verdict", "pk").first()
    if found is None:
        raise Refusal("no_evidence", "nothing says by what it was paid", param="payment")
    return found


def _open(refund_id: UUID) -> tuple[Refund, Payment]:
    """Both locked, the payment first, as everywhere."""
    owner = Refund.objects.filter(pk=refund_id).values("payment_id")
    payment = Payment.objects.select_for_update().filter(pk__in=owner).first()
    refund = Refund.objects.select_for_update().filter(pk=refund_id).first()
    if refund is None or payment is None:
        raise Refusal("refund_unknown", f"there is no refund {refund_id}", param="refund")
    if refund.state not in (Refund.State.REQUESTED, Refund.State.BY_HAND):
        raise Refusal("refund_ended", f"it is {refund.state}", param="refund")
    return refund, payment


def _close_case(refund: Refund, resolution: str, by: Actor) -> None:
    if refund.case_id is not None:
        Case.objects.filter(pk=refund.case_id, closed_at=None).update(
            closed_at=clock.machine_now(), closed_by=by.name[:150], resolution=resolution
        )
