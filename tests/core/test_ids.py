"""uuid7: ordered within a process, unique over all of them."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.core import ids

ROOT = Path(__file__).resolve().parents[2]


def test_an_id_is_a_uuid7_of_this_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    one = ids.uuid7()
    assert (one.version, one.variant) == (7, "specified in RFC 4122")
    # A burst counts on, so a later one may be a little ahead of the clock; never behind.
    assert before <= one.int >> 80 <= before + 1000


def test_ids_increase_within_a_process() -> None:
    made = [*ids.uuid7s(70_000), *(ids.uuid7() for _ in range(100)), *ids.uuid7s(10)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_increase_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids.uuid7()
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1)
    assert ids.uuid7() > before


def test_none_asked_for_is_none_made() -> None:
    assert ids.uuid7s(0) == []


def test_threads_never_make_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [*ids.uuid7s(2000), ids.uuid7()], range(16)))
    for batch in batches:
        assert batch == sorted(batch)
    # Unique already without the random part: the counter alone keeps threads apart.
    stamps = {one.int >> 48 for batch in batches for one in batch}
    assert len(stamps) == 16 * 2001


def test_processes_never_make_the_same() -> None:
    code = "from engine.core.ids import uuid7s; print(*uuid7s(20000))"
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    made = [one for process in started for one in process.communicate()[0].split()]
    assert len(made) == len(set(made)) == 60_000
