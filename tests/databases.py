"""A database of a test's own, for what commits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections

from engine.core import ids


@contextmanager
def own_copy(template: str) -> Iterator[None]:
    """A copy of the empty database, used meanwhile and dropped afterwards.

    Append-only tables refuse the flush of a transactional test. The caller has unblocked the database.
    """
    own = f"{template}_{os.getpid()}_{ids.uuid7().hex[-8:]}"
    connections.close_all()
    _admin(f'CREATE DATABASE "{own}" TEMPLATE "{template}"')
    connection.settings_dict["NAME"] = own
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = template
        _admin(f'DROP DATABASE "{own}" WITH (FORCE)')


def _admin(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)
