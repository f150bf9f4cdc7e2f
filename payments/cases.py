"""Cases: what a person must decide. One is closed by who may let money go again, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from engine.audit.act import LONGEST_REASON, act, check_reason
from engine.core import clock
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from payments import look, refunded, setup_charge, states
from payments.models import Case, Dispute, Payment
from payments.pipeline import in_suspense, park
from payments.pipeline.apply import REFUSED_CASE
from payments.pipeline.decision import GIVEN_AND_TAKEN

_KEPT = ("closed_at", "closed_by", "resolution")


def _never(case: Case) -> bool:
    return False


@contextmanager
def deciding(
    case_id: UUID, verb: str, *, reason: str, by: Actor, though_closed: Callable[[Case], bool] = _never
) -> Iterator[Case]:
    """An approver's act on an open case, which is closed behind the block with the `resolution` that it sets. Writes.

    `though_closed`: of which closed ones too; the newest word stands on the case, each of them in the audit.
    Its payment is locked first, as by apply, and loses its park with its last case if it has ended. Raises
    NotAllowed, and Refusal for a case that is closed or not there.
    """
    by.must_be(Role.APPROVER, verb)
    check_reason(reason)
    with transaction.atomic():
        owner = Case.objects.filter(pk=case_id).values("payment_id")
        payment = Payment.objects.select_for_update().filter(pk__in=owner).first()
        with act(by, verb, Case, case_id, fields=_KEPT, reason=reason, role=Role.APPROVER, lock=True):
            case = Case.objects.filter(pk=case_id).first()
            if case is None:
                raise Refusal("case_unknown", f"there is no case {case_id}", param="case")
            case.payment = payment
            if case.closed_at is not None and not though_closed(case):
                raise Refusal("case_closed", f"{case.closed_by} closed it: {case.resolution}", param="case")
            yield case
            case.closed_at, case.closed_by = clock.machine_now(), by.name[:150]
            case.save(update_fields=_KEPT)
            _nobody_waits(payment, reason)


def close_case(case_id: UUID, *, resolution: str, reason: str, by: Actor) -> Case:
    """Close a case with what came of it; what it kept from going on may go on again. Writes. An approver's.

    Nothing is booked and no state moves. If the same matter is told again, the case opens again. Money that came late
    stays where it is, and is applied or returned later: until then its source is not asked again. Raises Refusal for
    one that is closed, whose money lies in suspense (closed, nothing would take it out), whose source was told nothing,
    where money of another amount arrived for a payment that is still open (going on would ask for the whole again),
    and where what was given up was seen and nobody has looked it up since.
    """
    with deciding(case_id, "close_case", reason=reason, by=by) as case:
        if case.kind == refunded.CASE:
            raise Refusal(
                "refund_waits", "record its refund as done, or cancel it: that closes it", param="case"
            )
        if case.kind == setup_charge.CASE:
            raise Refusal(
                "return_waits",
                "give it back, then return its money here: that closes it",
                param="case",
            )
        if case.kind == GIVEN_AND_TAKEN:
            raise Refusal("say_how_often", "say whether it left once or twice: that closes it", param="case")
        if Dispute.objects.filter(case_id=case.pk, state__in=states.OPEN_DISPUTE).exists():
            raise Refusal("dispute_open", "its provider decides the dispute: that closes it", param="case")
        if case.kind == REFUSED_CASE:
            raise Refusal("source_untold", "what it was for has not heard of it: apply its money, or return it",
                          param="case")  # fmt: skip
        if in_suspense.of_case(case):
            raise Refusal(
                "money_in_suspense", "its money lies in suspense: apply it, or return it", param="case"
            )
        if case.kind == "amount_differs" and case.about.state in states.OPEN_PAYMENT:
            raise Refusal("payment_open", "money of another amount arrived and its payment is still open; it "
                          "stays a case until the payment has ended", param="case")  # fmt: skip
        look.must_be_known(case)
        case.resolution = _said(resolution)
    return case


def _nobody_waits(payment: Payment | None, reason: str) -> None:
    if payment is None:
        return
    payment.refresh_from_db()
    if payment.parked_at is None or payment.state in states.OPEN_PAYMENT:
        return
    if not Case.objects.filter(payment=payment, closed_at=None).exists():
        park.take_off(payment, reason)


def _said(resolution: str) -> str:
    text = resolution.strip()
    if not 0 < len(text) <= LONGEST_REASON:
        raise Refusal("resolution_invalid", f"say what came of it in at most {LONGEST_REASON} characters",
                      param="resolution")  # fmt: skip
    return text
