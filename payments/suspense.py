"""Money in suspense, and what a person says of it: it was the payment's, or it was given back. By an approver.

The same two verbs decide about money that came after its payment had been given up (payments/late.py), and about what a
refund gave back of another amount than was asked (payments/refund_differs.py, payments/setup_differs.py).

Each closes its case in the same transaction; the payment ends with it, and what it was for is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core import clock, money
from engine.core.actor import Actor
from engine.core.errors import Refusal, first_line
from engine.ledger import posting
from engine.ledger.models import Transfer
from engine.outbox.models import Event
from payments import (
    cases,
    disputed,
    late,
    refund_differs,
    settle,
    setup_charge,
    setup_differs,
    sources,
    states,
)
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import end, in_suspense
from payments.pipeline.apply import REFUSED_CASE
from payments.pipeline.decision import TERMINAL
from payments.pipeline.in_suspense import Held
from payments.sources import HookRefused, SourceChange


def apply_money(case_id: UUID, *, reason: str, by: Actor) -> Case:
    """Take a case's money for its payment's, and close the case. Writes.

    What is due of it clears the receivable and the payment succeeds; the rest, and all of it once the payment has
    ended, goes to unapplied, as a late success where it had been given up. Where the source refused an end, it is told
    again. Raises Refusal for a closed case (but of late money that lies there still), nothing in suspense, another
    currency, evidence that waits, another attempt that may still act, a dispute of it that is open or was lost, and if
    the source refuses. What was paid after close pays the debt after all; what a refund gave back of another amount
    counts as given back.
    """
    with cases.deciding(case_id, "apply_money", reason=reason, by=by, though_closed=late.lies_there) as case:
        if case.about.operation == "refund" and case.kind != late.CASE:
            case.resolution = _count(case, reason, by)
            return case
        held, changes = _pay_debt(case) if case.kind == late.CASE else _apply(case)
        _tell(changes)
        case.resolution = f"{_worth(held)} applied: {reason}" if held else f"told again: {reason}"
    return case


def _apply(case: Case) -> tuple[list[Held], list[SourceChange]]:
    held = _held(case)
    disputed.must_be_there(case)
    if case.kind == REFUSED_CASE:
        _is_still_there(case)
        changes = _untold(case)
        due = case.about.settled_minor
    else:
        _is_something(held)
        due, changes = _end(case, held)
    if held:
        legs = in_suspense.applied(case.about, held, due, _business_at(case.about))
        posting.post(legs, machine_at=clock.machine_now())
    return held, changes


def _count(case: Case, reason: str, by: Actor) -> str:
    """What went back of another amount is a refund of that amount; what was asked for is ended without it."""
    held, payment = _held(case), case.about
    _is_something(held)
    _is_of(payment, held)
    at = _business_at(payment)
    posting.post(in_suspense.returned(held, at), machine_at=clock.machine_now())
    if payment.state in states.OPEN_PAYMENT:
        settle.end_open(payment)
    if payment.source_kind == setup_charge.SOURCE:
        setup_differs.record(payment, held, at, reason=reason, by=by)
        return f"{_worth(held)} counts as given back: {reason}"
    try:
        row = refund_differs.record(case, held, reason=reason, by=by)
    except HookRefused as fault:
        raise _refused(fault) from fault
    return f"{_worth(held)} counts as given back, refund {row.refund_no}: {reason}"


def _pay_debt(case: Case) -> tuple[list[Held], list[SourceChange]]:
    _must_be_known(case)
    held, change = late.pay_debt(case, _business_at(case.about))
    return held, [change]


def return_money(case_id: UUID, *, reason: str, by: Actor, by_hand: bool = False) -> Case:
    """Say that a case's money was given back, or is not ours, and close the case. Writes.

    What put it into suspense is mirrored; nothing is sent. The payment ends as by settle.end_payment; one whose source
    had refused its success is reversed, and its source gets the reservation off. What was paid after close is refunded
    by its provider where that can, unless a person did so `by_hand` (late.give_back). Of a refund it says that nothing
    is gone: what was asked for is called off. What a payer paid to set a method up is booked as given back by hand.
    What a lost dispute took of it is booked as gone by that. Raises Refusal as apply_money.
    """
    with cases.deciding(case_id, "return_money", reason=reason, by=by, though_closed=late.lies_there) as case:
        if case.kind == late.CASE:
            _must_be_known(case)
            at = _business_at(case.about)
            case.resolution = late.give_back(case, at, reason=reason, by=by, by_hand=by_hand)
            return case
        if case.kind == setup_charge.CASE:
            _must_be_known(case)
            gone = disputed.cover_setup(case, setup_charge.left_of(case.about))
            setup_charge.by_hand(case)
            how = disputed.told(gone, case.about.currency) if gone else ""
            case.resolution = f"given back by hand{how and ', '}{how}: {reason}"
            return case
        held, payment = _held(case), case.about
        if not (case.kind == REFUSED_CASE and _taken_back(case)):
            _is_something(held)
        gone = disputed.cover(case, held)
        legs = in_suspense.returned(held, _business_at(payment))
        posting.post(legs, machine_at=clock.machine_now())
        if case.kind == REFUSED_CASE:
            change = end.step(
                payment, "reversed", settled_minor=-payment.settled_minor, code="returned", message=reason
            )
            _tell([change._replace(state="canceled", settled_minor=0)])
        elif payment.state in states.OPEN_PAYMENT:
            settle.end_open(payment)
        how = disputed.told(gone, held[0].currency) if gone else ""
        case.resolution = f"{_worth(held) or 'taken back,'} returned{how and ', '}{how}: {reason}"
    return case


def _held(case: Case) -> list[Held]:
    """Read under the payment's lock, which apply holds when it books."""
    _must_be_known(case)
    return in_suspense.of_case(case)


def _must_be_known(case: Case) -> None:
    if Evidence.objects.filter(payment_id=case.about.pk, applied_at=None).exists():
        raise Refusal("evidence_waits", "evidence of it is not applied yet; try again", param="case")
    unresolved = Attempt.objects.filter(payment_id=case.about.pk, state__in=states.UNRESOLVED_ATTEMPT)
    if set(unresolved.values_list("pk", flat=True)) - {case.attempt_id}:
        raise Refusal("attempt_unresolved", "another attempt of it may still move money (I4): that has to be known "
                      "first", param="case")  # fmt: skip


def _is_something(held: Sequence[Held]) -> None:
    if not held:
        raise Refusal("nothing_in_suspense", "no money of this case lies in suspense", param="case")


def _is_of(payment: Payment, held: Sequence[Held]) -> None:
    if any(one.currency != payment.currency for one in held):
        raise Refusal(
            "currency_mismatch", f"what moved is not in {payment.currency}: return it", param="case"
        )


def _is_still_there(case: Case) -> None:
    if _taken_back(case):
        raise Refusal("money_taken_back", "the provider took its money back: return it, and nothing is left of it",
                      param="case")  # fmt: skip


def _taken_back(case: Case) -> bool:
    """Of a refused success: the payment stands as succeeded until a person has returned it."""
    gone = Transfer.objects.filter(kind="payment.reversed", source_id=case.about.pk)
    return case.about.state == Payment.State.SUCCEEDED and gone.exists()


def _end(case: Case, held: Sequence[Held]) -> tuple[int, list[SourceChange]]:
    """The payment's end by money of another amount: how much of it is due, and what its source is told."""
    payment, minor = case.about, sum(one.amount_minor for one in held)
    _is_of(payment, held)
    attempt = Attempt.objects.get(pk=str(case.attempt_id))
    if attempt.state != Attempt.State.SUCCEEDED:
        end.took_effect(attempt, case.sentence)
    if payment.state == Payment.State.IN_FLIGHT:
        due = min(minor, payment.amount_minor)
        return due, [end.step(payment, "succeeded", settled_minor=due, identity=attempt.identity)]
    changes = []
    if payment.state == Payment.State.SCHEDULED:
        changes.append(end.step(payment, "canceled", code=end.DIFFERS, message=case.sentence))
    if payment.state in (Payment.State.FAILED, Payment.State.CANCELED):
        changes.append(end.step(payment, "succeeded_late", settled_minor=minor, identity=attempt.identity))
    return 0, changes


def _untold(case: Case) -> list[SourceChange]:
    """What its source did not hear: the payment's ends since the transaction which opened the case, in their order."""
    payment, ends = case.about, [f"payment.{state}" for state in TERMINAL]
    events = Event.objects.filter(
        object_kind="payment", object_id=payment.pk, created_at__gte=case.opened_at, type__in=ends
    )
    return [_again(payment, event) for event in events.order_by("seq")]


def _again(payment: Payment, event: Event) -> SourceChange:
    state, said = event.type.removeprefix("payment."), event.payload
    return SourceChange(
        payment.pk, payment.source_kind, payment.source_id, payment.no, state, payment.currency, payment.amount_minor,
        _settled(payment, state, said), said.get("failure_class", ""),
        said.get("code", ""), said.get("message", ""), payment.clock_id, event.occurred_at, clock.machine_now(),
        payment.correlation_id,
    )  # fmt: skip


def _settled(payment: Payment, state: str, said: Mapping[str, Any]) -> int:
    """As apply told it (telling.py): what is taken back of one that was paid in part is that part."""
    if state == "reversed":
        return int(said.get("settled_minor", -payment.amount_minor))
    return payment.settled_minor if state in ("succeeded", "succeeded_late") else 0


def _tell(changes: Sequence[SourceChange]) -> None:
    try:
        sources.tell(changes)
    except HookRefused as fault:
        raise _refused(fault) from fault


def _refused(fault: HookRefused) -> Refusal:
    return Refusal("source_refused", f"what it was for refuses that: {first_line(fault)}", param="case")


def _business_at(payment: Payment) -> datetime:
    now = clock.machine_now()
    return clock.business_times([payment.clock_id], now)[payment.clock_id]


def _worth(held: Sequence[Held]) -> str:
    sums: dict[str, int] = {}
    for one in held:
        sums[one.currency] = sums.get(one.currency, 0) + one.amount_minor
    return ", ".join(money.shown(minor, currency) for currency, minor in sums.items())
