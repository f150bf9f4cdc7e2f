"""Business time is injected; a running clock moves under its lease only, a test clock forward only (I7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core import clock
from engine.core.errors import Refusal
from engine.core.models import Clock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def machine(db: None) -> Callable[[datetime], None]:
    """Step machine time through its one function; the transaction's end takes it back."""

    def step(moment: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION machine_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
                f" AS $$ SELECT '{moment.isoformat()}'::timestamptz $$"
            )

    step(START)
    return step


@pytest.fixture
def running(machine: object) -> int:
    """A running clock that stands at START, leased for nothing."""
    return Clock.objects.create(kind="running", name="demo", lease_until=START).pk


def test_machine_time_is_the_databases(machine: Callable[[datetime], None]) -> None:
    machine(START + 7 * SECOND)
    assert clock.machine_now() == START + 7 * SECOND
    assert clock.business_now(clock.REAL) == START + 7 * SECOND


def test_a_running_clock_stands_without_a_lease(machine: Callable, running: int) -> None:
    machine(START + timedelta(hours=9))
    assert clock.business_now(running) == START


def test_a_nights_stop_is_no_business_time(machine: Callable, running: int) -> None:
    clock.extend_lease(running, seconds=2)
    machine(START + SECOND)
    assert clock.business_now(running) == START + SECOND
    machine(START + timedelta(hours=9))
    assert clock.business_now(running) == START + 2 * SECOND  # frozen where the lease ended
    clock.extend_lease(running, seconds=2)
    assert clock.business_now(running) == START + 2 * SECOND
    machine(START + timedelta(hours=9) + SECOND)
    assert clock.business_now(running) == START + 3 * SECOND


def test_a_lease_extended_in_time_leaves_no_gap(machine: Callable, running: int) -> None:
    for n in range(5):
        machine(START + n * SECOND)
        clock.extend_lease(running, seconds=3)
    assert Clock.objects.get(pk=running).offset_seconds == 0
    assert clock.business_now(running) == START + 4 * SECOND


def test_a_stopped_clock_stands_at_its_moment(machine: Callable, running: int) -> None:
    clock.extend_lease(running, seconds=60)
    machine(START + 10 * SECOND)
    clock.stop(running)
    machine(START + 50 * SECOND)
    assert clock.business_now(running) == START + 10 * SECOND


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 60)), max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_business_time_is_the_leased_time_and_never_goes_back(
    machine: Callable[[datetime], None], steps: list[tuple[int, int]]
) -> None:
    Clock.objects.filter(name="any").delete()
    one = Clock.objects.create(kind="running", name="any", lease_until=START).pk
    at = lease = START
    leased, last = timedelta(0), START
    for passed, seconds in steps:
        leased += min(passed * SECOND, lease - at)
        at += passed * SECOND
        machine(at)
        clock.extend_lease(one, seconds=seconds)
        lease = at + seconds * SECOND
        now = clock.business_now(one)
        assert now == START + leased
        assert now >= last
        last = now


def test_a_test_clock_moves_forward_only(machine: Callable[[datetime], None]) -> None:
    one = Clock.objects.create(kind="test", name="customer", stands_at=START).pk
    clock.advance(one, to=START + timedelta(days=365))
    machine(START + timedelta(days=9999))
    assert clock.business_now(one) == START + timedelta(days=365)
    with pytest.raises(Refusal) as refused:
        clock.advance(one, to=START)
    assert (refused.value.code, refused.value.param) == ("clock_step_back", "to")
    assert clock.business_now(one) == START + timedelta(days=365)


def test_only_a_test_clock_is_advanced_and_only_a_running_one_leased(machine: object, running: int) -> None:
    one = Clock.objects.create(kind="test", name="customer", stands_at=START).pk
    for other in (clock.REAL, running):
        with pytest.raises(Clock.DoesNotExist):
            clock.advance(other, to=START + timedelta(days=1))
    for other in (clock.REAL, one):
        with pytest.raises(Clock.DoesNotExist):
            clock.extend_lease(other, seconds=1)


def test_beat_claims_real_time_and_running_clocks(machine: object, running: int) -> None:
    Clock.objects.create(kind="test", name="customer", stands_at=START)
    assert clock.moving_clocks() == [clock.REAL, running]


@pytest.mark.parametrize("kind", ["running", "test"])
def test_a_clock_without_its_time_is_refused(db: None, kind: str) -> None:
    with pytest.raises(IntegrityError, match="a_clock_has_its_time"):
        Clock.objects.create(kind=kind, name="empty")
