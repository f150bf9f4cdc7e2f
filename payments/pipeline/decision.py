"""What is decided of one piece of evidence: its shape, and the words that stand with evidence, payments and cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from payments import states
from payments.pipeline.rows import Row

PAYER = "payer"  # who has to do something at the provider's page before money moves
BEFORE = ", booked before"
LATE_CASE = "paid_after_close"
ANOTHER_AMOUNT = "amount differs"  # what arrived is in suspense, under a case of its own
REVERSED = "reversed"  # the verdict, and the kind of its case
REDUCED = "partly_reversed"  # the verdict, and the kind of its case
TAKEN_BACK = "taken back"  # the verdict where that success had not been booked plainly
GIVEN_AND_TAKEN = "given_and_taken"  # the case of what had been given back by hand before
COUNTED_BACK = "counted, and taken back"  # a refund that a person had counted as given back: the verdict
PAID_EARLIER = "an earlier attempt was paid after all"
TERMINAL = {"succeeded", "failed", "canceled", "succeeded_late", "reversed"}


@dataclass(frozen=True, slots=True)
class Decision:
    """Changes to make; None leaves a thing as it is. `look_at` None: nothing to do any more.

    `books` names the posting ("succeeded", "late", "mismatch", "reversed"; "before": the movement is in the books, but
    for what the network took beyond that; "declined": what the network took alone; "left twice": what left the books
    before is a loss), `case` the kind of case to open, `says` its sentence, if it is not that of `park`.
    `stop` says why it is not to be signed anew if it proves not to have left.
    """

    verdict: str
    attempt: str | None = None
    payment: str | None = None
    look_at: datetime | None = None
    waiting: str = ""
    short_try: bool = False
    looked: bool = False
    provisional: bool = False
    books: str = ""
    case: str = ""
    says: str = ""
    park: str = ""
    stop: str = ""

    def changes(self, row: Row) -> bool:
        """False for a verdict that leaves the payment's row as it is."""
        moves = self.payment or self.attempt or self.looked or self.provisional or self.stop
        return bool(moves) or self.books == "reversed" or self.look_at != row.next_action_at


def is_open(row: Row) -> bool:
    """Whether its attempt may still act."""
    return row.attempt_state in states.UNRESOLVED_ATTEMPT and row.payment_state == "in_flight"


def as_it_was(row: Row, verdict: str) -> Decision:
    """Nothing changes; the evidence has its verdict."""
    return Decision(verdict, look_at=row.next_action_at)
