"""Money that came after its payment had been given up, in unapplied: it pays the debt after all, or it goes back.

The two ends of a case "paid after close" (payments/suspense.py has the verbs). Its payment stays what it is, paid late.
What pays is told to what it was for, which may refuse: it was paid otherwise meanwhile, or is asked for again. What
goes back is a refund like any other where its provider gives back; else a person did it, and says so.
"""

from __future__ import annotations

from datetime import datetime

from engine.core import clock, money, sql
from engine.core.actor import Actor
from engine.core.errors import Refusal
from engine.ledger import posting
from engine.ledger.posting import Leg
from payments import disputed, refund, refund_books, refunded
from payments.models import Case, Evidence, Payment, Refund
from payments.pipeline.decision import LATE_CASE
from payments.pipeline.evidence import BOOKED
from payments.pipeline.in_suspense import Held, mirror
from payments.sources import SourceChange

CASE = LATE_CASE
APPLIED, RETURNED = "late.applied", "late.returned"
PAID_LATE = "paid_late"  # what the source is told


def pay_debt(case: Case, at: datetime) -> tuple[list[Held], SourceChange]:
    """Clear the receivable with it, whole; what was booked before, and what its source is to be told. Writes.

    `at`: business time. Raises Refusal where the payment was not given up, nothing of it lies there, or its payer
    disputes it or had it back.
    """
    payment, held = case.about, _held(case)
    if payment.state != Payment.State.SUCCEEDED_LATE:
        raise Refusal("not_paid_late", f"it is {payment.state}: what came beyond it is returned, or stays the "
                      "customer's", param="case")  # fmt: skip
    disputed.must_be_there(case)
    minor = sum(one.amount_minor for one in held)
    fee, to = payment.fee_minor * minor // payment.amount_minor, payment.accounts
    parts = [(0, to["unapplied"], to["receivable"], minor), (1, to["billed"], to["fee_income"], fee)]
    if payment.settlement == "platform":
        parts.append((2, to["billed"], to["payable"], minor - fee))
    legs = [
        Leg(APPLIED, held[0].source_id, seq, debit, credit, payment.currency, amount, at)
        for seq, debit, credit, amount in parts
        if amount > 0
    ]
    posting.post(legs, machine_at=clock.machine_now())
    return held, SourceChange(
        payment.pk, payment.source_kind, payment.source_id, payment.no, PAID_LATE, payment.currency,
        payment.amount_minor, minor, "", "", "", payment.clock_id, at, clock.machine_now(), payment.correlation_id,
    )  # fmt: skip


def give_back(case: Case, at: datetime, *, reason: str, by: Actor, by_hand: bool) -> str:
    """Refund what is left of it by the provider that collected it; what came of it. Writes; the tick has it sent.

    `by_hand`, or where the provider can't: it says that a person gave it back. A refund that fails opens the case
    again. What a lost dispute took is not given back again. Raises Refusal as `pay_debt`, and for what its payer
    disputes, or had back in part.
    """
    held, payment = _held(case), case.about
    gone = disputed.cover(case, held)
    minor = sum(one.amount_minor for one in held)
    shown = money.shown(minor, payment.currency)
    if gone and not by_hand and gone < minor:
        raise Refusal("dispute_lost", f"a dispute took {money.shown(gone, payment.currency)} of it: give the rest back "
                      "by hand, and say so", param="case")  # fmt: skip
    if by_hand or gone or not refund.can_be_sent(payment):
        _gave(case, held, at, reason=reason, by=by)
        if gone:
            return f"{shown}, {disputed.told(gone, payment.currency)}: {reason}"
        why = "" if by_hand else f" by hand ({refund.why_not(payment)})"
        return f"{shown} returned{why}: {reason}"
    row = refund.new(payment, minor, 0, reason=reason, by=by, attempt_id=case.attempt_id)
    refund_books.request(row, payment)
    refunded.tell(row, payment, "refund.requested")
    refund_books.send(row, payment, _charge(case))
    return f"{shown} goes back by {payment.provider}, refund {row.refund_no}: {reason}"


def _gave(case: Case, held: list[Held], at: datetime, *, reason: str, by: Actor) -> None:
    """Book that a person gave it back: the mirror of what booked it; of what a refund left of it a refund. Writes."""
    before = Refund.objects.filter(attempt_id=case.attempt_id).exclude(state__in=("failed", "canceled"))
    if not before.exists():
        posting.post(mirror(RETURNED, held, at), machine_at=clock.machine_now())
        return
    minor = sum(one.amount_minor for one in held)
    refund.done_by_hand(
        case.about, minor, 0, reference=reason, reason=reason, by=by, attempt_id=case.attempt_id
    )


def _charge(case: Case) -> Evidence:
    """What said that it was paid after all. Impossible that nothing did: it is booked."""
    said = Evidence.objects.filter(attempt_id=str(case.attempt_id), outcome="succeeded", verdict__in=BOOKED)
    return said.order_by("pk")[0]


def left_of(case: Case) -> int:
    """How much of it lies in unapplied. Reads."""
    return sum(one.amount_minor for one in _lying(case))


def lies_there(case: Case) -> bool:
    """Whether it is such a case whose money lies in unapplied still: closed or not, it can be decided. Reads."""
    return case.kind == CASE and case.about.operation == "charge" and bool(_lying(case))


def _held(case: Case) -> list[Held]:
    """What lies in unapplied for this case; under the payment's lock nobody else takes it."""
    if case.about.operation != "charge":
        raise Refusal("not_a_charge", "only what was collected is applied or given back", param="case")
    found = _lying(case)
    if not found:
        raise Refusal("nothing_unapplied", "no money of this case lies in unapplied", param="case")
    return found


def _lying(case: Case) -> list[Held]:
    found = sql.rows(sql.statement(__file__, "held_late"), {"attempt": case.attempt_id})
    return [Held._make(row) for row in found]
