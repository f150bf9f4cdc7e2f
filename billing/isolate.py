"""One bad row never stops the others: a batch that fails is halved down to the row that spoils it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from django.db import DataError, IntegrityError, transaction

from engine.core import sql
from engine.core.errors import Refusal

# What data can cause, also JSON of another shape than it is read as. A lost connection, a deadlock or no memory is none
# of them: those are raised.
BAD_ROW = (
    DataError, IntegrityError, Refusal, ValueError, ArithmeticError, LookupError, TypeError, AttributeError,
)  # fmt: skip


class _HasId(Protocol):
    @property
    def id(self) -> UUID: ...


Row = TypeVar("Row", bound=_HasId)


def run(
    take: Callable[[Sequence[UUID] | None], Sequence[Row]],
    work: Callable[[Sequence[Row]], Counter[str]],
    set_aside: Callable[[Row, Exception], Counter[str]],
    ids: Sequence[UUID] | None = None,
) -> Counter[str]:
    """Lock a batch with `take`, `work` it and commit; the counts, with `found` rows added.

    Each part is a transaction of its own. `set_aside` gets the one row that can't be worked, and what it
    raised, in a transaction of its own; it must take the row out of what `take` finds.
    """
    taken: Sequence[Row] = ()
    try:
        with transaction.atomic():
            sql.check_keys_at_once()
            taken = take(ids)
            return Counter(found=len(taken)) + (work(taken) if taken else Counter())
    except BAD_ROW as fault:
        if not taken:
            raise
        if len(taken) == 1:
            with transaction.atomic():
                return Counter(found=1) + set_aside(taken[0], fault)
    middle = len(taken) // 2
    done: Counter[str] = Counter()
    for part in (taken[:middle], taken[middle:]):
        done += run(take, work, set_aside, [row.id for row in part])
    return done


def sentence(fault: Exception) -> str:
    """What an operator reads about `fault`: its kind and its first line."""
    lines = str(fault).strip().splitlines()
    return f"{type(fault).__name__}: {lines[0] if lines else 'no message'}"[:500]
