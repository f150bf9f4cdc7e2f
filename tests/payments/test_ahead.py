"""Where calls are quick some sends are marked ahead: a thread that is free finds its next one waiting."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Semaphore

import pytest
from django.conf import settings

from engine.core import clock
from engine.providers.base import Finding, Outcome
from payments.models import Attempt, Evidence, ProviderSwitch
from payments.pipeline import driver, mark_sent, spans, stopping
from payments.pipeline.outbound import Outbound
from tests.payments.steps import LANE, mark


class Calls:
    """What becomes of the provider's calls: each has begun, and ends when the test answers."""

    def __init__(self) -> None:
        self._begun, self._answers = Semaphore(0), Semaphore(0)

    def submit(self, sendable: object) -> Finding:
        self._begun.release()
        assert self._answers.acquire(timeout=10)
        return Finding(Outcome.PENDING, code="accepted")

    def begin(self, count: int) -> None:
        """Wait until so many more have begun."""
        assert all(self._begun.acquire(timeout=10) for _ in range(count))

    def none_begins(self) -> bool:
        return not self._begun.acquire(blocking=False)

    def answer(self, count: int) -> None:
        self._answers.release(count)


@pytest.fixture
def calls(world, monkeypatch) -> Iterator[Calls]:
    made = Calls()
    monkeypatch.setattr(world, "submit", made.submit)
    monkeypatch.setattr(settings.ENV, "send_window_seconds", 600)  # no slow machine uses it up
    # The test's own transaction stands in for none.
    monkeypatch.setattr("payments.pipeline.outbound.sql.outside_transaction", lambda: True)
    yield made
    made.answer(100)


def all_answered(outbound: Outbound, calls: Calls, count: int) -> None:
    calls.begin(count)
    calls.answer(count)
    while outbound.free < outbound.threads:
        outbound.collect(seconds=1)


def test_a_quick_lane_has_its_next_sends_ready_for_the_threads(world, new_payment, calls):
    for _ in range(20):
        new_payment()
    with Outbound(world, threads=8) as outbound:
        assert driver._start_some(LANE, world, outbound)
        assert not driver._start_some(LANE, world, outbound), "nobody has answered yet"
        all_answered(outbound, calls, 8)
        assert driver._start_some(LANE, world, outbound)
        assert Attempt.objects.count() == 8 + 8 + 2
        assert not driver._start_some(LANE, world, outbound), "a quarter of the threads is all that may wait"
        calls.begin(8)
        assert calls.none_begins()
        calls.answer(2)
        calls.begin(2)  # without the driver
        calls.answer(100)


def test_nothing_waits_behind_calls_that_are_slow_or_of_long_ago(world, new_payment, calls, monkeypatch):
    for _ in range(8):
        new_payment()
    with Outbound(world, threads=8) as outbound:
        assert driver._start_some(LANE, world, outbound)
        all_answered(outbound, calls, 8)
        assert outbound.ahead == 2
        monkeypatch.setattr(spans, "quick", lambda: 0.0)
        assert outbound.ahead == 0, "they were quick, and it is long ago"
    for _ in range(8):
        new_payment()
    with Outbound(world, threads=8) as outbound:
        assert driver._start_some(LANE, world, outbound)
        all_answered(outbound, calls, 8)
        monkeypatch.setattr(spans, "quick", lambda: 600.0)
        assert outbound.ahead == 0, "they were slow"


@pytest.mark.parametrize("why", ["window_over", "worker_stopping"])
def test_what_waited_for_a_thread_passes_the_gate_when_its_turn_comes(
    world, new_payment, calls, monkeypatch, why
):
    for _ in range(2):
        new_payment()
    with Outbound(world, threads=1) as outbound:
        for one in mark():
            outbound.put(one)
        calls.begin(1)
        if why == "window_over":
            late = clock.boot_seconds() + 600
            monkeypatch.setattr(clock, "boot_seconds", lambda: late)
        else:
            monkeypatch.setattr(stopping, "is_set", lambda: True)
        calls.answer(2)
    assert calls.none_begins()
    assert sorted(Evidence.objects.values_list("code", "source")) == [("accepted", "reply"), (why, "local")]


@pytest.mark.parametrize(
    ("concurrency", "free", "ahead", "most"),
    [(12, 8, 2, 10), (10, 8, 2, 9), (9, 8, 2, 8), (5, 8, 2, 5), (1, 0, 2, 0)],
)
def test_none_waits_for_a_thread_in_the_last_slot_of_all_workers(
    world, new_payment, concurrency, free, ahead, most
):
    """Else one worker's waiting sends would take the slots of another whose threads are free."""
    ProviderSwitch.objects.update(concurrency=concurrency)
    assert mark_sent.slots("scripted", free=free, ahead=ahead, now=clock.machine_now()) == most
