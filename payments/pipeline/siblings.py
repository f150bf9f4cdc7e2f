"""Payments of one source: while a person decides about one, the next one is not sent (I1).

What would keep the same payment from being signed anew keeps its source's next payment from being signed at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from engine.core import sql
from payments.pipeline import hold, stop

IN_QUESTION = ("payment_in_question", "Another payment for the same waits for a person's decision.")


def tell(payment_ids: Sequence[UUID]) -> None:
    """Tell the open siblings of these locked payments to stop. Writes in the caller's transaction.

    A hint: whom another holds at this moment is passed over, so nobody waits for a payment behind a payment. The
    rule is `without_questionable`, which mark sent asks, and `may_be_sent_again`, which every further send asks.
    """
    if payment_ids:
        params = {"ids": list(payment_ids), "code": IN_QUESTION[0], "reason": IN_QUESTION[1]}
        sql.affected(sql.statement(__file__, "tell_siblings"), params)


def without_questionable(payment_ids: Iterable[UUID], *, machine_at: datetime) -> set[UUID]:
    """The locked payments whose source has no other payment in question. Writes in the caller's transaction.

    Where a person decides about that one (an open case, money that arrived late or that its source refused), the
    payment is told to stop; where evidence of it is not applied yet, it waits for that.
    """
    ids = list(payment_ids)
    found = _in_question(ids)
    _stop(one for one, by_a_person in found.items() if by_a_person)
    waits = [payment_id for payment_id, by_a_person in found.items() if not by_a_person]
    hold.behind_another(waits, machine_at=machine_at, taken=True)
    return set(ids) - found.keys()


def may_be_sent_again(stopped: Mapping[UUID, bool]) -> list[UUID]:
    """The same of locked payments in flight, by whether each was told to stop already: the word it got stands.

    Of each itself, too, nothing may be in question, and no earlier attempt paid: a stop can say something else by
    now. Whoever may not is looked up on. Writes in the caller's transaction.
    """
    found = _in_question(list(stopped), own=True)
    _stop(one for one, by_a_person in found.items() if by_a_person and not stopped[one])
    return [one for one in stopped if one not in found]


def _in_question(ids: Sequence[UUID], *, own: bool = False) -> dict[UUID, bool]:
    """Whose source has another payment in question (`own`: any); whether a person decides about that.

    Most payments are the only ones of their source. That is asked first: to plan the question takes the database ten
    times as long as to answer it.
    """
    asked = list(ids) if own else _with_siblings(ids)
    if not asked:
        return {}
    return dict(sql.rows(sql.statement(__file__, "siblings_in_question"), {"ids": asked, "own": own}))


def _with_siblings(ids: Sequence[UUID]) -> list[UUID]:
    if not ids:
        return []
    return [one for (one,) in sql.rows(sql.statement(__file__, "with_siblings"), {"ids": list(ids)})]


def _stop(payment_ids: Iterable[UUID]) -> None:
    stop.tell(payment_ids, code=IN_QUESTION[0], reason=IN_QUESTION[1])
