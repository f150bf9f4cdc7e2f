"""The books are looked at as they stood at one moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.core import clock
from ops import books
from tests.ops.world import fill


def test_the_books_are_one_snapshot(committed, scripted):
    fill(committed, scripted)
    assert books.check_books().broken == []
    assert books.check_books().at <= clock.machine_now() + timedelta(seconds=1)


def test_a_snapshot_is_not_taken_inside_a_transaction(world):
    with pytest.raises(RuntimeError, match="snapshot of its own"):
        books.check_books()
