"""Columns of a batch as PostgreSQL array literals: one string instead of thousands of small parameters.

The driver's own arrays cost 10 us an element, half of the time of a claim (measured with 100,000 rows).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID


def packed(values: Iterable[UUID | int | datetime | None]) -> str:
    """The literal of an array of ids, whole numbers or moments: their text needs no quoting. Pure.

    Never for text: a name could hold a brace or a comma.
    """
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"
