"""What it means that a final success was taken back: it leaves the books as it came, or a person is asked. Pure.

Where a person gave it back before, or its payer disputes it, that had left already. Whether what the provider took is
the same money or as much once more, nobody here can know: nothing is booked before a person says it
(payments/left_twice.py).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from engine.providers.base import Sheet
from payments.pipeline.decision import (
    COUNTED_BACK,
    GIVEN_AND_TAKEN,
    REVERSED,
    TAKEN_BACK,
    Decision,
    as_it_was,
    is_open,
)
from payments.pipeline.rows import APPLIED, ASKED, BY_HAND, COUNTED, DISPUTED, EXPLAINED, RETURNED, Row


def taken_back(row: Row, sheet: Sheet, now: datetime) -> Decision:
    """Says a look: the mirror of what was booked, and a case.

    What was booked under an attempt that had been given up is of another amount: it leaves suspense.
    """
    if row.source != "lookup":
        return as_it_was(row, "refused: a look alone takes it back")
    if is_open(row):
        books, case = ("reversed", REVERSED) if row.booked_as else ("", "")
        return Decision("declined: taken back", "declined", "failed", None, books=books, case=case)
    if row.given == ASKED:
        return as_it_was(row, "refused: a person was asked about it")
    if not row.booked_as:
        counted = row.given == COUNTED
        return _counted(row) if counted else as_it_was(row, "refused: nothing of it is booked")
    if not _had_left(row):
        return _out_of_the_books(row)
    return Decision(
        GIVEN_AND_TAKEN, look_at=row.next_action_at, case=GIVEN_AND_TAKEN,
        says=f"{_said(row)} It had left before, by hand or by a dispute: "
        "a person says whether both are one movement, or it left twice",
    )  # fmt: skip


def _said(row: Row) -> str:
    return row.message or row.code or "Its provider took it back."


def _counted(row: Row) -> Decision:
    """Its payer is still to get what the books say they have: a person sends it another way."""
    return Decision(
        COUNTED_BACK, look_at=row.next_action_at, case=REVERSED,
        says=f"{_said(row)} It was of another amount, and a person "
        "counted it as given back: its payer does not have it, and it lies at the provider again",
    )  # fmt: skip


def left_twice(row: Row) -> Decision:
    """A person says that they are two movements: what was still in the books leaves them, what was not is a loss."""
    if row.booked_as == RETURNED:
        return Decision(TAKEN_BACK, look_at=row.next_action_at, books="left twice")
    return replace(_out_of_the_books(row), case="")


def _out_of_the_books(row: Row) -> Decision:
    """Where that success was never booked plainly (it came late, differed or was refused, and nobody applied it since),
    or paid nothing of what was due, its payment stays for the person who decides about it.
    """
    if row.payment_state == "succeeded" and _paid(row):
        return Decision(REVERSED, None, "reversed", None, books="reversed", case=REVERSED)
    return Decision(TAKEN_BACK, look_at=row.next_action_at, books="reversed", case=REVERSED)


def _paid(row: Row) -> bool:
    return row.booked_as == "succeeded" or (row.booked_as == EXPLAINED and row.cleared_minor > 0)


def _had_left(row: Row) -> bool:
    """By a dispute, or by a person's hand: the booking itself, or some of what it had paid."""
    if row.booked_as == RETURNED or row.given == DISPUTED:
        return True
    return row.given == BY_HAND and (_paid(row) or row.booked_as == APPLIED)
