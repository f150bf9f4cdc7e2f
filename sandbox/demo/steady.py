"""A run outlives its database: what is read while PostgreSQL is away is read again when it is back."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

Read = TypeVar("Read")
LOST = (OperationalError, InterfaceError)
AGAIN_SECONDS = 0.5
PATIENCE_SECONDS = 60.0


def insist(act: Callable[[], Read], *, seconds: float = PATIENCE_SECONDS) -> Read:
    """What `act` returns, asked again while the database is away. Raises what it raised after `seconds`.

    `act` writes nothing, or the same when done twice.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            return act()
        except LOST:
            connection.close()  # a connection that broke stays broken
            if time.monotonic() > until:
                raise
        time.sleep(AGAIN_SECONDS)


def mending(hook: Callable[[], None]) -> Callable[[], None]:
    """`hook`, which closes a connection that broke; raises nothing for it, as the next second is another try."""

    def steady() -> None:
        try:
            hook()
        except LOST:
            connection.close()

    return steady


class Window:
    """What was last seen through `read`: while the database is away, the old view stays."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._away = False

    def look(self, read: Callable[[], Read], old: Read) -> Read:
        """What `read` returns, or `old` where the database does not answer; says when that begins and ends."""
        try:
            found = read()
        except LOST as fault:
            connection.close()
            if not self._away:
                self._say(f"! PostgreSQL does not answer, asking on: {str(fault).splitlines()[0]}")
            self._away = True
            return old
        if self._away:
            self._say("✓ PostgreSQL answers again")
        self._away = False
        return found
