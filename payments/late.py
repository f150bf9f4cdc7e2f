"""Money that came after its payment had been given up, in unapplied: it pays the debt after all, or it was given back.

The two ends of a case "paid after close" (payments/suspense.py has the verbs). Its payment stays what it is, paid late;
what it was for is told, and may refuse: it was paid otherwise meanwhile, or is asked for again.
"""

from __future__ import annotations

from datetime import datetime

from engine.core import clock, sql
from engine.core.errors import Refusal
from engine.ledger import posting
from engine.ledger.posting import Leg
from payments.models import Case, Payment
from payments.pipeline.in_suspense import Held, mirror
from payments.sources import SourceChange

CASE = "paid_after_close"
APPLIED, RETURNED = "late.applied", "late.returned"
PAID_LATE = "paid_late"  # what the source is told


def pay_debt(case: Case, at: datetime) -> tuple[list[Held], SourceChange]:
    """Clear the receivable with it, whole; what was booked before, and what its source is to be told. Writes.

    `at`: business time. Raises Refusal where the payment was not given up, or nothing of it lies there.
    """
    payment, held = case.payment, _held(case)
    if payment.state != Payment.State.SUCCEEDED_LATE:
        raise Refusal("not_paid_late", f"it is {payment.state}: what came beyond it is returned, or stays the "
                      "customer's", param="case")  # fmt: skip
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


def give_back(case: Case, at: datetime) -> list[Held]:
    """Say that it was given back: the mirror of what booked it. Writes; sends nothing. Raises Refusal as `pay_debt`."""
    held = _held(case)
    posting.post(mirror(RETURNED, held, at), machine_at=clock.machine_now())
    return held


def _held(case: Case) -> list[Held]:
    """What lies in unapplied for this case. Reads; under the payment's lock nobody else takes it."""
    if case.payment.operation != "charge":
        raise Refusal("not_a_charge", "only what was collected is applied or given back", param="case")
    found = sql.rows(sql.statement(__file__, "held_late"), {"attempt": case.attempt_id})
    if not found:
        raise Refusal("nothing_unapplied", "no money of this case lies in unapplied", param="case")
    return [Held._make(row) for row in found]
