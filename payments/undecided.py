"""What a person still has to decide about: a view, so that billing, sending and check_books can't differ about it.

Were one of them to hold a question for open that another holds for closed, its source would be asked again and called
back for ever.
"""

from __future__ import annotations

from uuid import UUID

from engine.core import sql


def view() -> str:
    """SQL that makes or replaces the view payments_undecided. Run by the newest migration that changes it alone."""
    return f"CREATE OR REPLACE VIEW payments_undecided AS {sql.statement(__file__, 'undecided')}"


def lies_late(payment_id: UUID) -> bool:
    """Whether money that came late for a payment still lies in unapplied. Reads."""
    return bool(sql.rows(sql.statement(__file__, "lies_late"), {"payment": payment_id}))
