"""Cases: what a person must decide. One is closed by who may let money go again, and says what came of it."""

from __future__ import annotations

from uuid import UUID

from engine.audit.act import LONGEST_REASON, act
from engine.core import clock
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from payments import look, states
from payments.models import Case

_KEPT = ("closed_at", "closed_by", "resolution")


def close_case(case_id: UUID, *, resolution: str, reason: str, by: Actor) -> Case:
    """Close a case with what came of it; what it kept from going on may go on again. Writes. An approver's.

    Nothing is booked and no state moves. If the same matter is told again, the case opens again. Raises Refusal for
    one that is closed, where money of another amount arrived for a payment that is still open (going on would ask for
    the whole again), and where what was given up was seen and nobody has looked it up since.
    """
    with act(by, "close_case", Case, case_id, fields=_KEPT, reason=reason, role=Role.APPROVER, lock=True):
        case = Case.objects.select_related("payment").filter(pk=case_id).first()
        if case is None:
            raise Refusal("case_unknown", f"there is no case {case_id}", param="case")
        if case.closed_at is not None:
            raise Refusal("case_closed", f"{case.closed_by} closed it: {case.resolution}", param="case")
        if case.kind == "amount_differs" and case.payment.state in states.OPEN_PAYMENT:
            raise Refusal("money_in_suspense", "money of another amount arrived and its payment is still open; it "
                          "stays a case until the payment has ended", param="case")  # fmt: skip
        look.must_be_known(case)
        case.closed_at, case.closed_by = clock.machine_now(), by.name[:150]
        case.resolution = _said(resolution)
        case.save(update_fields=_KEPT)
    return case


def _said(resolution: str) -> str:
    text = resolution.strip()
    if not 0 < len(text) <= LONGEST_REASON:
        raise Refusal("resolution_invalid", f"say what came of it in at most {LONGEST_REASON} characters",
                      param="resolution")  # fmt: skip
    return text
