"""What one piece of evidence means for its attempt and payment. Pure: rows in, a decision out.

Worker, callback and tick all end here. What the transition tables do not allow is refused with a verdict
and changes nothing, so a second arrival of the same fact is harmless.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from engine.providers.base import FailureClass, Outcome, Sheet
from payments import states
from payments.pipeline import spans
from payments.pipeline.asking import LOOKED_IN_VAIN
from payments.pipeline.decision import (
    ANOTHER_AMOUNT,
    BEFORE,
    LATE_CASE,
    PAID_EARLIER,
    PAYER,
    REDUCED,
    Decision,
    as_it_was,
    is_open,
)
from payments.pipeline.rows import Row
from payments.pipeline.taken_back import taken_back


def decide(row: Row, sheet: Sheet, *, now: datetime) -> Decision:
    """The decision for one piece of evidence at machine time `now`."""
    handler = {
        Outcome.SUCCEEDED: _succeeded,
        Outcome.DECLINED: _declined,
        Outcome.PENDING: _pending,
        Outcome.NOT_LEFT: _not_left,
        Outcome.UNKNOWN: _unknown,
        Outcome.MISSING: _unknown,
        Outcome.ABSENT: _absent,
        Outcome.REVERSED: taken_back,
        Outcome.REDUCED: _reduced,
        Outcome.STEP: _step,
    }[Outcome(row.outcome)]
    return handler(row, sheet, now)


def _succeeded(row: Row, sheet: Sheet, now: datetime) -> Decision:
    if row.attempt_state == "succeeded":
        return _paid_again(row) if _is_another_movement(row) else as_it_was(row, "already succeeded")
    if (row.gross_minor or 0) <= 0:
        return _amount_unknown(row)
    if row.booked_as == "mismatch" or not (row.booked_as or _amounts_agree(row)):
        return _differs(row)
    if not is_open(row):
        return _late(row)
    if row.booked_as:
        # Another attempt is found to have paid it and is booked; this one carried the same movement (paid_earlier.py).
        return Decision(f"late{BEFORE}", "succeeded", "canceled", None, books="before", case=_told_twice(row))
    return Decision("succeeded", "succeeded", "succeeded", None, books="succeeded")


def _is_another_movement(row: Row) -> bool:
    """Named, of some amount, and not in the books: neither by its name nor by a booking that names none."""
    return bool(row.movement_id) and (row.gross_minor or 0) > 0 and not row.booked_as


def _paid_again(row: Row) -> Decision:
    """Money beyond what was asked, whatever its amount: it moved, and a person says whose it is (I5)."""
    if row.source == "reply":
        return Decision("reply after the end", look_at=row.next_action_at, case="reply_after_end")
    sentence = f"{row.moved} once more, as {row.movement_id}: {row.identity} had been paid already"
    return Decision(
        ANOTHER_AMOUNT, look_at=row.next_action_at, books="mismatch", case="amount_differs", park=sentence
    )


def _differs(row: Row) -> Decision:
    """Never succeeded by itself. What was booked of a movement stands, whatever is said of it afterwards."""
    verdict, books = ANOTHER_AMOUNT, "mismatch"
    sentence = f"{row.moved} where {row.amount_minor} {row.currency} was asked"
    if row.booked_as:
        verdict, books = verdict + BEFORE, "before"
        sentence = (
            f"{row.gross_minor} {row.got_currency} is said of a movement that is booked as another amount"
        )
    attempt = "unknown" if row.attempt_state in ("sent", "pending") else None
    return Decision(verdict, attempt, None, None, books=books, case="amount_differs", park=sentence)


def _amount_unknown(row: Row) -> Decision:
    """Paid, it is said, and not how much: nothing can be booked, and nothing is given up either."""
    if row.source == "reply" and not is_open(row):
        return _late(row)
    if not is_open(row):
        return _seen_after_end(row)
    attempt = "unknown" if row.attempt_state in ("sent", "pending") else None
    return Decision(
        "can't be proved", attempt, None, None, park="it is said to be paid, and not how much moved"
    )


def _late(row: Row) -> Decision:
    """Money under an attempt that had been closed: booked to unapplied, a person decides."""
    if row.source == "reply":
        park = "a reply says that an earlier attempt was paid after all" if _may_be_sent(row) else ""
        return Decision("reply after the end", look_at=row.next_action_at, case="reply_after_end", park=park)
    books, before = ("before", BEFORE) if row.booked_as else ("late", "")
    case = _told_twice(row) or LATE_CASE
    if row.payment_state in ("failed", "canceled"):
        return Decision("late" + before, "succeeded", "succeeded_late", None, books=books, case=case)
    # In flight it is looked up on: what it moved is booked, what did not leave is not signed anew.
    stop = PAID_EARLIER if row.payment_state == "in_flight" else ""
    park = PAID_EARLIER + "; sending again would collect twice" if row.payment_state == "scheduled" else ""
    return Decision("late, paid elsewhere" + before, "succeeded", None, row.next_action_at, books=books,
                    case=case, park=park, stop=stop)  # fmt: skip


def _told_twice(row: Row) -> str:
    """The case of a movement that is booked under another attempt, and is said to be of another amount here."""
    return "amount_differs" if row.booked_as and not _amounts_agree(row) else ""


def _may_be_sent(row: Row) -> bool:
    return row.payment_state in states.OPEN_PAYMENT


def _amounts_agree(row: Row) -> bool:
    fee_agrees = row.got_fee_minor is None or row.got_fee_minor == row.fee_minor
    return row.gross_minor == row.amount_minor and row.got_currency == row.currency and fee_agrees


def _declined(row: Row, sheet: Sheet, now: datetime) -> Decision:
    if row.attempt_state == "succeeded" and sheet.reversible:
        return taken_back(
            row, sheet, now
        )  # one word for both: a refund that failed, before or after it was done
    if not is_open(row):
        # A look says what it cost us after all; nothing else of it is news.
        told = row.source == "lookup" and row.attempt_state in ("declined", "not_sent")
        verdict = "declined after the end" if told else "refused: the attempt was closed"
        return Decision(verdict, look_at=row.next_action_at, books="declined" if told else "")
    if row.failure_class == FailureClass.TECHNICAL:
        # Refused for our own or the payee's fault: it moved nothing, and the payer is not dunned for it.
        again = _again(row, now, "declined for no fault of the payer", "declined")
        return _tired_of_declines(row, again)
    return Decision("declined", "declined", "failed", None)


def _tired_of_declines(row: Row, again: Decision) -> Decision:
    """Each of these declines costs a network fee and none mends itself: after a few a person is asked."""
    declines = row.declines + 1
    if again.payment != "scheduled" or declines < spans.short_tries():
        return again
    why = row.message or row.code
    return replace(again, park=f"it was refused {declines} times for no fault of the payer: {why}")


def _pending(row: Row, sheet: Sheet, now: datetime) -> Decision:
    if not is_open(row):
        return _seen_after_end(row)
    attempt = "pending" if row.attempt_state != "pending" else None
    waiting = PAYER if row.code == FailureClass.PAYER_ACTION else ""
    return Decision(
        "pending", attempt, None, _next_look(row, now), waiting, looked=True, provisional=row.provisional
    )


def _seen_after_end(row: Row) -> Decision:
    """A look that finds what had been given up outranks the reply that gave it up: a person decides."""
    if row.source != "lookup" or row.attempt_state not in ("declined", "not_sent"):
        return as_it_was(row, "refused: the attempt was closed")
    park = "an earlier attempt was seen after it had been given up" if _may_be_sent(row) else ""
    return Decision("seen after the end", look_at=row.next_action_at, case="seen_after_end", park=park)


def _unknown(row: Row, sheet: Sheet, now: datetime) -> Decision:
    if not is_open(row) and row.code == LOOKED_IN_VAIN:
        return Decision("looked in vain", look_at=row.next_action_at, case=LOOKED_IN_VAIN)
    if not is_open(row):
        return as_it_was(row, "refused: the attempt was closed")
    missing = row.outcome == Outcome.MISSING
    attempt = (
        "unknown" if row.attempt_state == "sent" or (missing and row.attempt_state == "pending") else None
    )
    if row.must_park:
        return Decision("can't be proved", attempt, None, None, park=row.message or row.code)
    return Decision("unknown", attempt, None, _next_look(row, now), looked=True)


def _reduced(row: Row, sheet: Sheet, now: datetime) -> Decision:
    """A part of it was taken back, says a look. How that is booked a person decides; nothing of it is sent again."""
    if row.source != "lookup":
        return as_it_was(row, "refused: a look alone takes it back")
    if is_open(row):
        return Decision("can't be proved", "unknown", None, None, park=row.message or row.code)
    if row.attempt_state != "succeeded":
        return _seen_after_end(row)
    return Decision(REDUCED, look_at=row.next_action_at, case=REDUCED)


def _step(row: Row, sheet: Sheet, now: datetime) -> Decision:
    """Moves nothing and ends nothing: it is there for the next call and the next look."""
    return as_it_was(row, "a step")


def _not_left(row: Row, sheet: Sheet, now: datetime) -> Decision:
    """Speaks for one send alone: not sent only if every send is proved not to have left (I4)."""
    if not is_open(row) or row.attempt_state == "pending":
        return as_it_was(row, "refused: the attempt was closed or seen")
    if row.sends_not_left < row.attempt_send_no:
        attempt = "unknown" if row.attempt_state == "sent" else None
        return Decision("another send may have left", attempt, None, _next_look(row, now), looked=True)
    return _again(row, now, "no send left")


def _absent(row: Row, sheet: Sheet, now: datetime) -> Decision:
    if not is_open(row):
        return as_it_was(row, "refused: the attempt was closed")
    if row.source == "operator":
        return _declared_absent(row, now)
    may_read = row.send_by + timedelta(seconds=spans.absence(sheet))
    if row.send_no != row.attempt_send_no or row.observed_at < may_read:
        may_read = max(may_read, now)
        return Decision("too early to read absence", look_at=may_read, looked=True)
    if row.operation not in sheet.absence_certain:
        return Decision("absence proves nothing here", look_at=_next_look(row, now), looked=True)
    if row.attempt_state == "pending":
        return Decision("was seen, is gone: look again", "unknown", None, now, looked=True)
    if row.failure_class == FailureClass.PAYER_ACTION and not row.stop_code:
        return Decision("declined: called back", "declined", "failed", None)  # theirs: nothing is tried again
    return _again(row, now, "proved absent")


def _declared_absent(row: Row, now: datetime) -> Decision:
    """A person's word where nobody could prove it (payments/absent.py); never against a provider that has seen it."""
    if row.attempt_state == "pending":
        return as_it_was(row, "refused: it was seen")
    return _again(row, now, "declared absent")


def _again(row: Row, now: datetime, verdict: str, attempt: str = "not_sent") -> Decision:
    """Technical failure: short tries, then it waits for the provider with growing waits; never dunning's.

    What was called back while it was in flight, or paid under an earlier attempt, is not signed anew.
    """
    if row.stop_code:
        return Decision(f"{verdict}: called back", attempt, "canceled", None)
    tries = row.short_tries + 1
    waiting = "retry" if tries < spans.short_tries() else "provider"
    wait = max(spans.retry(tries), row.retry_seconds or 0.0)
    return Decision(verdict, attempt, "scheduled", now + timedelta(seconds=wait), waiting, short_try=True)


def _next_look(row: Row, now: datetime) -> datetime:
    return now + timedelta(seconds=max(spans.look(row.looks), row.retry_seconds or 0.0))
