"""No more calls than allowed, over all who send; who finds no room is told when, and never waits in here."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings

from engine.providers.base import HoldKind, Payable, ProviderUnavailable
from engine.providers.edge import breaker, gate, limiter
from engine.providers.edge.faults import Limited, NotSent
from engine.providers.edge.http import exchange
from engine.providers.edge.limiter import Limit, hold_back, limit_of, take
from tests.edge.conftest import MakeCall
from tests.edge.server import reply, serving

SLOW = limit_of(
    "acme", "sk_live_hush", per_second=0.01, burst=8
)  # a call each 100 s: none comes back in a test


def payables(count: int) -> list[Payable]:
    return [Payable(uuid.uuid4(), "charge", 5, 0, "USD", {}) for _ in range(count)]


def trip() -> None:
    while breaker.look("acme", "charge").calls is None:
        breaker.leave(breaker.enter("acme", "charge", lease_seconds=5), healthy=False)


def test_a_burst_and_then_the_rate() -> None:
    assert take(SLOW, want=5).calls == 5
    left = take(SLOW, want=5)
    assert left.calls == 3
    assert left.retry_seconds == pytest.approx(100, abs=5)
    assert take(SLOW).calls == 0


def test_room_comes_back_with_time() -> None:
    quick = limit_of("acme", "k", per_second=50, burst=1)
    assert take(quick).calls == 1
    while not take(quick).calls:
        time.sleep(0.005)


def test_all_workers_share_one_bucket_and_each_key_has_its_own() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sum(grant.calls for grant in pool.map(lambda _: take(SLOW, want=2), range(8))) == 8
    limiter.forget()  # as another process
    assert take(SLOW).calls == 0
    assert take(limit_of("acme", "another", per_second=0.01, burst=8)).calls == 1


def test_the_key_stands_nowhere() -> None:
    assert "hush" not in repr(SLOW)


@pytest.mark.usefixtures("no_redis")
def test_without_redis_each_process_has_a_share() -> None:
    granted = take(SLOW, want=8)
    assert granted.calls == 2
    assert granted.retry_seconds == pytest.approx(400, abs=20)


@pytest.mark.usefixtures("no_redis")
def test_without_redis_too_many_is_heard_as_well() -> None:
    hold_back(SLOW, seconds=5)
    assert take(SLOW) == (0, pytest.approx(5, abs=2))


def test_too_many_holds_everybody_back_but_a_minute_at_most(call: MakeCall) -> None:
    with serving(reply(b"", 429, Retry_After="7")) as server, pytest.raises(Limited):
        exchange(call(server.url, limit=SLOW))
    assert take(SLOW) == (0, pytest.approx(7, abs=3))
    hold_back(SLOW, seconds=86_400)
    assert take(SLOW) == (0, pytest.approx(60, abs=3))


def test_a_batch_beyond_the_limit_waits_in_its_lane_one_after_the_other() -> None:
    batch = payables(10)
    holds = gate.admit(batch, provider="acme", operation="charge", limit=SLOW)
    assert list(holds) == [one.payment_id for one in batch[8:]]
    first, second = holds.values()
    assert (first.kind, first.code) == (HoldKind.PROVIDER, "rate_limited")
    assert first.retry_seconds == pytest.approx(100, abs=5)
    assert second.retry_seconds == pytest.approx(200, abs=5)


def test_a_payment_of_several_calls_takes_as_many() -> None:
    assert len(gate.admit(payables(10), provider="acme", operation="charge", limit=SLOW, calls=2)) == 6


def test_one_whose_first_call_has_room_goes() -> None:
    small = Limit(SLOW.bucket, 0.01, 1)
    assert len(gate.admit(payables(2), provider="acme", operation="charge", limit=small, calls=2)) == 1


@pytest.mark.usefixtures("quick_breaker")
def test_an_open_breaker_is_a_wait_with_a_reason_and_then_one_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.ENV, "breaker_open_seconds", 1.0)
    trip()
    with pytest.raises(ProviderUnavailable, match="did not answer lately") as raised:
        gate.admit(payables(3), provider="acme", operation="charge", limit=SLOW)
    assert raised.value.code == "breaker_open" and raised.value.retry_seconds
    while breaker.look("acme", "charge").calls == 0:
        time.sleep(0.01)
    holds = gate.admit(payables(3), provider="acme", operation="charge", limit=SLOW)
    assert [hold.code for hold in holds.values()] == ["breaker_open"] * 2
    assert take(SLOW, want=8).calls == 7  # no room was taken for those who wait
    assert breaker.enter("acme", "charge", lease_seconds=5).lease  # advice took no lease
    with pytest.raises(NotSent):
        breaker.enter("acme", "charge", lease_seconds=5)


def test_each_call_takes_its_own_room_as_it_leaves(call: MakeCall) -> None:
    """Whatever it is for: a page of a list, a set-up, a look."""
    with serving() as server:
        for _ in range(8):
            exchange(call(server.url, limit=SLOW))
        with pytest.raises(NotSent, match="no more calls") as full:
            exchange(call(server.url, limit=SLOW))
        assert (full.value.code, full.value.retry_seconds) == ("rate_limited", pytest.approx(100, abs=5))
        assert len(server.requests) == 8


def test_what_was_granted_to_a_batch_is_not_taken_again(call: MakeCall) -> None:
    with serving() as server:
        with limiter.granted():
            exchange(call(server.url, limit=SLOW))
        assert take(SLOW, want=8).calls == 8
        with pytest.raises(NotSent):
            exchange(call(server.url, limit=SLOW))
