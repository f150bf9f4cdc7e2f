"""Gone by a person's hand or by a dispute, and taken back by its provider: one movement, or two? By an approver.

A provider that gives nothing back by its interface may show what a person gave back by hand, or have given it back
itself besides; one whose payer's bank took a charge may show just that, or more. Nothing is booked before somebody has
looked: both answers close the case, and the books hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from engine.core import money
from engine.core.actor import Actor
from engine.core.errors import Refusal, first_line
from payments import cases, disputed, refund, shares
from payments.models import Case, Evidence, Payment
from payments.pipeline import apply, rows
from payments.pipeline.decision import GIVEN_AND_TAKEN
from payments.sources import HookRefused


def once(case_id: UUID, *, reason: str, by: Actor) -> Case:
    """Say that both are one movement, and close the case. Writes.

    The books have it. Where less of what had been paid had left, the rest counts as given back, too: a refund under a
    number of its own; what lies in suspense, or late, is decided on its own case. Raises Refusal for another case, a
    closed one, evidence that waits, a refund under way, and a dispute that is open.
    """
    with cases.deciding(case_id, "left_once", reason=reason, by=by) as case:
        said = _said(case)
        rest = shares.left_of(case.about) if _had_paid(case.about, said) else 0
        if rest:
            _give_back(case, rest, said, reason, by)
        also = f", and {money.shown(rest, case.about.currency)} more counts as given back" if rest else ""
        case.resolution = f"it left once{also}: {reason}"
    return case


def twice(case_id: UUID, *, reason: str, by: Actor) -> Case:
    """Say that they are two movements, book the provider's, and close the case. Writes.

    What is still in the books leaves them: a payment is reversed, and what it had paid is owed again. What had left
    them with what was given back by hand is our loss. Raises Refusal as `once`, for what its source has not heard of,
    and if that refuses.
    """
    with cases.deciding(case_id, "left_twice", reason=reason, by=by) as case:
        said = _said(case)
        if Case.objects.filter(payment=case.about, kind=apply.REFUSED_CASE, closed_at=None).exists():
            raise Refusal("source_untold", "what it was for has not heard of it: that case is decided first",
                          param="case")  # fmt: skip
        try:
            for one in said:
                apply.take_back(one.pk)
        except HookRefused as fault:
            raise Refusal(
                "source_refused", f"what it was for refuses that: {first_line(fault)}", param="case"
            ) from fault
        case.resolution = f"it left twice: {reason}"
    return case


def _said(case: Case) -> Sequence[Evidence]:
    """The looks that the case asks about; a later one of the same movement asks nobody."""
    if case.kind != GIVEN_AND_TAKEN:
        raise Refusal("nothing_taken_back", "what it is about had not left before its provider took it back",
                      param="case")  # fmt: skip
    payment = case.about
    if Evidence.objects.filter(payment_id=payment.pk, applied_at=None).exists():
        raise Refusal("evidence_waits", "evidence of it is not applied yet; try again", param="case")
    if payment.refunding_minor:
        raise Refusal(
            "refund_waits", "a refund of it is under way: cancel it, or wait for its end", param="case"
        )
    disputed.lost(case)
    asked = Evidence.objects.filter(attempt_id=str(case.attempt_id), verdict=GIVEN_AND_TAKEN)
    return list(asked.filter(applied_at__gte=case.opened_at).order_by("pk"))


def _had_paid(payment: Payment, said: Sequence[Evidence]) -> bool:
    """Whether what it had brought cleared what was due, and still does."""
    legs = rows.mirrored([one.pk for one in said])
    return any(one.credit == payment.accounts["receivable"] for one in legs)


def _give_back(case: Case, minor: int, said: Sequence[Evidence], reason: str, by: Actor) -> None:
    named = ", ".join(one.movement_id or one.provider_ref for one in said)
    try:
        fee = shares.fee_of(case.about, minor)
        refund.done_by_hand(case.about, minor, fee, reference=named[:200], reason=reason, by=by)
    except HookRefused as fault:
        raise Refusal(
            "source_refused", f"what it was for refuses that: {first_line(fault)}", param="case"
        ) from fault
