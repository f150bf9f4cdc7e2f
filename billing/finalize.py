"""Drafts become invoices: lines, what is due, the posting and the scheduled payment, in one commit."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from billing import asking, isolate, lines, states
from billing.asking import PAYABLE, NoPayment
from billing.draft import Draft
from billing.lines import Line
from engine.core import clock, sql
from engine.core.errors import Refusal
from engine.core.ids import uuid7s
from engine.core.money import MAX_MINOR
from engine.core.packed import packed
from engine.ledger import accounts, posting
from engine.ledger.chart import Kind
from engine.outbox import emit
from payments import charge
from payments.charge import Charge
from payments.pipeline import points

log = structlog.get_logger(__name__)
MakeLines = Callable[[Sequence[Draft]], list[Line]]


class FinalizeResult(NamedTuple):
    """Invoices opened or paid, payments scheduled for them, drafts voided, drafts held, batches."""

    finalized: int
    payments: int
    voided: int
    held: int
    batches: int


class Opening(NamedTuple):
    """How one draft leaves that state."""

    draft: Draft
    state: str
    due_minor: int
    charge: Charge | None
    why: NoPayment
    series: str
    issued_at: datetime | None


def finalize(
    *,
    batch: int = 500,
    most: int | None = None,
    until: float | None = None,
    make_lines: MakeLines = lines.plain,
) -> FinalizeResult:
    """Open all drafts that are due for it. Commits per batch; any number may run at once.

    Ends when there is none, after `most`, or when time.monotonic() passes `until`. A draft that can't be
    opened is held with its reason. `make_lines` composes the lines of a batch.
    """
    total: Counter[str] = Counter()
    while most is None or total["found"] < most:
        size = batch if most is None else min(batch, most - total["found"])
        done = _batch(clock.machine_now(), size, make_lines)
        total += done + Counter(batches=1)
        if done["found"]:
            points.reach(points.FINALIZE_COMMITTED)
        # No progress, no further batch: a draft that neither opens nor leaves must not spin here.
        moved = done["finalized"] + done["voided"] + done["held"]
        if not moved or (until is not None and time.monotonic() >= until):
            break
    return FinalizeResult(*(total[name] for name in FinalizeResult._fields))


def finalize_one(invoice_id: UUID, *, machine_at: datetime) -> None:
    """Open one draft if nobody else does. Writes in the caller's transaction; raises what its data causes."""
    found = _take(machine_at, 1, [invoice_id])
    if found:
        _open(found, machine_at, lines.plain)


def series_of(clock_id: int) -> str:
    """The number series of a clock's invoices: time that is not real never uses up a real number."""
    return "INV-" if clock_id == clock.REAL else f"CLK{clock_id}-"


def _batch(machine_at: datetime, size: int, make_lines: MakeLines) -> Counter[str]:
    return isolate.run(
        lambda ids: _take(machine_at, size, ids),
        lambda drafts: _open(drafts, machine_at, make_lines),
        lambda draft, fault: _hold(draft, fault, machine_at),
    )


def _take(machine_at: datetime, most: int, ids: Sequence[UUID] | None) -> list[Draft]:
    params = {"machine_now": machine_at, "most": most, "ids": ids}
    return [Draft._make(row) for row in sql.rows(sql.statement(__file__, "take_drafts"), params)]


def _open(drafts: Sequence[Draft], machine_at: datetime, make_lines: MakeLines) -> Counter[str]:
    """The one writer behind every way of composing lines."""
    times = clock.business_times({draft.clock_id for draft in drafts}, machine_at)
    billed = [draft for draft in drafts if not _never_began(draft)]
    made = make_lines(billed)
    due = lines.totals(made)
    openings = [_void(draft) for draft in drafts if _never_began(draft)]
    openings += [_opening(draft, due[draft.id], times[draft.clock_id]) for draft in billed]
    versions = _write(openings)
    _write_lines(made)
    _post(openings, machine_at)
    scheduled = charge.schedule([each.charge for each in openings if each.charge], machine_at=machine_at)
    events = [_event(each, versions[each.draft.id], times) for each in openings]
    emit.emit(events + _activate_free(openings, times), machine_at=machine_at)
    points.reach(points.FINALIZE_BEFORE_COMMIT)
    return Counter(finalized=len(billed), payments=len(scheduled), voided=len(drafts) - len(billed))


def _opening(draft: Draft, due: int, issued_at: datetime) -> Opening:
    if not 0 <= due <= MAX_MINOR:
        raise Refusal("due_out_of_range", f"{due} can't be due", param="due_minor")
    series = series_of(draft.clock_id)
    if due == 0:
        return Opening(draft, "paid", 0, None, PAYABLE, series, issued_at)
    asked = _stopped(draft) if draft.state in states.STOPPED else asking.ask(draft, due)
    if isinstance(asked, NoPayment):
        return Opening(draft, "open", due, None, asked, series, issued_at)
    return Opening(draft, "open", due, asked, PAYABLE, series, issued_at)


def _never_began(draft: Draft) -> bool:
    """Canceled in its first period, before that was asked for. One that had run out by then is owed (I2)."""
    in_first = draft.period_no == 0 and (draft.ended_at is None or draft.ended_at < draft.period_end)
    return draft.state == "canceled" and in_first


def _stopped(draft: Draft) -> NoPayment:
    return NoPayment(f"subscription_{draft.state}", f"The subscription was {draft.state}.")


def _void(draft: Draft) -> Opening:
    why = NoPayment(
        f"subscription_{draft.state}", f"The subscription was {draft.state} before this was issued."
    )
    return Opening(draft, "void", 0, None, why, "", None)


def _write(openings: Sequence[Opening]) -> dict[UUID, int]:
    """Move the drafts on; the new version of each."""
    found = sql.rows(
        sql.statement(__file__, "open_invoices"),
        {
            "ids": packed(each.draft.id for each in openings),
            "states": [each.state for each in openings],
            "dues": packed(each.due_minor for each in openings),
            "collectings": packed(each.charge.amount_minor if each.charge else 0 for each in openings),
            "serieses": [each.series for each in openings],
            "reason_codes": [each.why.code for each in openings],
            "reasons": [each.why.sentence for each in openings],
            "issued_ats": packed(each.issued_at for each in openings),
        },
    )
    return dict(found)


def _write_lines(made: Sequence[Line]) -> None:
    sql.affected(
        sql.statement(__file__, "insert_lines"),
        {
            "ids": packed(uuid7s(len(made))),
            "invoice_ids": packed(line.invoice_id for line in made),
            "nos": packed(line.no for line in made),
            "descriptions": [line.description for line in made],
            "quantities": packed(line.quantity for line in made),
            "unit_minors": packed(line.unit_minor for line in made),
            "amount_minors": packed(line.amount_minor for line in made),
        },
    )


def _post(openings: Sequence[Opening], machine_at: datetime) -> None:
    """Book what each opened invoice makes the customer owe (I5)."""
    owed = [each for each in openings if each.due_minor and each.issued_at]
    pairs = [
        (accounts.Key(Kind.RECEIVABLE, each.draft.currency, each.draft.customer_id),
         accounts.Key(Kind.BILLED, each.draft.currency, each.draft.creator_id))
        for each in owed
    ]  # fmt: skip
    known = accounts.ensure(key for pair in pairs for key in pair)
    legs = [
        posting.Leg("invoice.finalized", each.draft.id, 0, known[debit], known[credit], each.draft.currency,
                    each.due_minor, each.issued_at)
        for each, (debit, credit) in zip(owed, pairs, strict=True)
        if each.issued_at
    ]  # fmt: skip
    posting.post(legs, machine_at=machine_at)


def _activate_free(openings: Sequence[Opening], times: dict[int, datetime]) -> list[emit.NewEvent]:
    """Make active what owes nothing for its first period; the events of it."""
    free = {each.draft.subscription_id: each.draft for each in openings if each.state == "paid"}
    if not free:
        return []
    found = sql.rows(sql.statement(__file__, "activate_free"), {"ids": list(free)})
    return [
        emit.NewEvent("subscription.activated", "subscription", subscription, version, clock_id, times[clock_id],
                      free[subscription].correlation_id,
                      {"subscription_id": subscription, "customer_id": customer, "creator_id": creator,
                       "plan_id": plan, "state": "active"})
        for subscription, version, clock_id, customer, creator, plan in found
    ]  # fmt: skip


def _event(each: Opening, version: int, times: dict[int, datetime]) -> emit.NewEvent:
    draft = each.draft
    payload: dict[str, Any] = {
        "invoice_id": draft.id, "subscription_id": draft.subscription_id, "customer_id": draft.customer_id,
        "creator_id": draft.creator_id, "period_no": draft.period_no, "period_start": draft.period_start,
        "period_end": draft.period_end, "state": each.state, "currency": draft.currency,
        "due_minor": each.due_minor, "reason_code": each.why.code, "reason": each.why.sentence,
    }  # fmt: skip
    name = "invoice.voided" if each.state == "void" else "invoice.finalized"
    return emit.NewEvent(name, "invoice", draft.id, version, draft.clock_id, times[draft.clock_id],
                         draft.correlation_id, payload)  # fmt: skip


def _hold(draft: Draft, fault: Exception, machine_at: datetime) -> Counter[str]:
    reason = isolate.sentence(fault)
    found = sql.rows(sql.statement(__file__, "hold_drafts"), {"id": draft.id, "reason": reason})
    for (version,) in found:
        payload = {"invoice_id": draft.id, "subscription_id": draft.subscription_id, "reason": reason}
        occurred = clock.business_times([draft.clock_id], machine_at)[draft.clock_id]
        event = emit.NewEvent("invoice.held", "invoice", draft.id, version, draft.clock_id, occurred,
                              draft.correlation_id, payload)  # fmt: skip
        emit.emit([event], machine_at=machine_at)
        log.warning("draft held", invoice=str(draft.id), reason=reason)
    return Counter(held=len(found))
