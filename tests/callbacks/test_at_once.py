"""Any number of web processes and workers at once: an event is one row, and each row is worked by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from engine.providers.abilities import Hint
from payments.callbacks import work
from payments.callbacks.keep import keep
from payments.callbacks.models import Callback
from tests.ops.conftest import committed, scripted  # noqa: F401

THREADS = 8


@pytest.fixture
def at_once(committed: Any) -> Callable[..., list[Any]]:  # noqa: F811
    """Do it in eight threads, each with a connection of its own; what each said."""

    def run(one: Callable[[], Any]) -> list[Any]:
        def alone() -> Any:
            try:
                return one()
            finally:
                connection.close()

        with ThreadPoolExecutor(THREADS) as pool:
            return [each.result() for each in [pool.submit(alone) for _ in range(THREADS)]]

    return run


def test_of_one_event_that_comes_many_times_at_once_one_begins_something(at_once):
    told = at_once(lambda: keep("scripted", b"{}", {}, [Hint("e-1", "paid", provider_ref="r")]))
    assert sorted(told) == [False] + [True] * (THREADS - 1)
    assert Callback.objects.get().deliveries == THREADS


def test_each_callback_is_worked_by_one_worker(at_once):
    for n in range(100):
        keep("scripted", b"{}", {}, [Hint(f"e-{n}", "balance.available")])
    worked = at_once(lambda: work.work(batch=5).counts)
    assert sum(worked, Counter()) == {"done": 100}
    assert set(Callback.objects.values_list("state", "tries")) == {("done", 1)}
