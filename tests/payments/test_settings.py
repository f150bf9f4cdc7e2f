"""What the sources set for sending: a batch's size (row 0.36), no pause between payments (row 0.18), looks (D3)."""

from __future__ import annotations

import threading

import pytest
from django.conf import settings

from engine.providers.base import Finding, Outcome
from payments.models import Evidence
from payments.pipeline import driver, spans, take
from payments.pipeline.outbound import Outbound
from tests.payments.steps import LANE, mark


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_lane_takes_as_many_at_once_as_the_setting_says(size, world, new_payment, monkeypatch):
    """PAYMENT_BATCH_SIZE, where more threads are free than that."""
    monkeypatch.setattr(settings.ENV, "payment_batch_size", size)
    monkeypatch.setattr(settings.ENV, "lane_threads", 32)
    for _ in range(6):
        new_payment()
    asked = []

    def look(operation, provider, *, most):
        asked.append(most)
        return take.Take([], False)

    monkeypatch.setattr(driver, "look", look)
    driver.drive(LANE)
    assert asked == [size]


def test_a_lane_sends_concurrently(world, new_payment, monkeypatch):
    """Three sends meet inside the provider: none waits for another's answer."""
    all_there = threading.Barrier(3, timeout=5)

    def submit(sendable):
        all_there.wait()
        return Finding(Outcome.PENDING, code="accepted")

    monkeypatch.setattr(world, "submit", submit)
    # The test's own transaction stands in for none.
    monkeypatch.setattr("payments.pipeline.outbound.sql.outside_transaction", lambda: True)
    for _ in range(3):
        new_payment()
    with Outbound(world, threads=3) as outbound:
        for marked in mark():
            outbound.put(marked)
        while outbound.free < outbound.threads:
            outbound.collect(seconds=1)
    assert sorted(Evidence.objects.values_list("code", flat=True)) == ["accepted"] * 3


def test_a_lane_most_of_whose_calls_hang_goes_on_with_the_others(world, new_payment, monkeypatch):
    """One thread in sixteen that is free is used at once: a few slow answers must not hold up the quick ones."""
    monkeypatch.setattr("payments.pipeline.outbound.sql.outside_transaction", lambda: True)
    answered = threading.Event()

    def submit(sendable):
        answered.wait(30)
        return Finding(Outcome.PENDING, code="accepted")

    monkeypatch.setattr(world, "submit", submit)
    for _ in range(7):
        new_payment()
    with Outbound(world, threads=8) as outbound:
        try:
            assert driver._start_some(LANE, world, outbound)
            new_payment()
            assert driver._start_some(LANE, world, outbound)
        finally:
            answered.set()
    assert Evidence.objects.count() == 8


def test_the_driver_of_a_lane_that_hangs_holds_no_connection(world, new_payment, monkeypatch):
    monkeypatch.setattr("payments.pipeline.outbound.sql.outside_transaction", lambda: True)
    answered = threading.Event()
    monkeypatch.setattr("payments.pipeline.outbound.sql.give_back", answered.set)

    def submit(sendable):
        assert answered.wait(10), "nothing was given back while the lane hung"
        return Finding(Outcome.PENDING, code="accepted")

    monkeypatch.setattr(world, "submit", submit)
    new_payment()
    with Outbound(world, threads=1) as outbound:
        for marked in mark():
            outbound.put(marked)
    assert Evidence.objects.get().code == "accepted"


def test_the_first_look_comes_after_seconds_and_each_next_one_waits_longer(monkeypatch):
    """Not after a day: an outcome that nobody knows keeps money and the next payment waiting."""
    for name in ("verify_first_seconds", "verify_max_seconds"):
        monkeypatch.setattr(settings.ENV, name, type(settings.ENV).model_fields[name].default)
    waits = [spans.look(n) for n in range(30)]
    assert waits[:3] == [2, 3, 4.5]
    assert waits == sorted(waits) and waits[-1] == 900
