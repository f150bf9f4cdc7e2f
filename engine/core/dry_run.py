"""A dry run is the real thing, rolled back: what it says is what would have come of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import connection, transaction


@contextmanager
def kept_unless(rolled_back: bool) -> Iterator[None]:
    """A transaction that is rolled back at its end if so wanted; what a commit would refuse is refused then too."""
    preview = {"preview": True} if rolled_back else {}  # the log tells nothing of what never was
    with structlog.contextvars.bound_contextvars(**preview), transaction.atomic():
        yield
        if rolled_back:
            connection.check_constraints()
            transaction.set_rollback(True)
