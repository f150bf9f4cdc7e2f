"""One breaker for all workers: it opens on silence alone, one call tries, and recovery is never blocked by sends."""

from __future__ import annotations

import random
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

from engine.core import wake
from engine.providers.edge import breaker, shared
from engine.providers.edge.circuit import Circuit, Event, Policy, Verdict
from engine.providers.edge.faults import Fault, Limited, NoAnswer, NotSent
from engine.providers.edge.http import exchange
from tests.edge.conftest import MakeCall
from tests.edge.server import Act, reply, reset, serving

pytestmark = pytest.mark.usefixtures("quick_breaker")
DEAD = "http://127.0.0.1:9"


@pytest.fixture(params=["shared", "alone"])
def either(request: pytest.FixtureRequest) -> str:
    """With Redis and without it."""
    if request.param == "alone":
        request.getfixturevalue("no_redis")
    return str(request.param)


def fail(call: MakeCall, times: int = 3, **differs: object) -> None:
    for _ in range(times):
        with pytest.raises((NotSent, NoAnswer)):
            exchange(call(DEAD, **differs))


def enter(operation: str = "charge") -> breaker.Allowed:
    return breaker.enter("acme", operation, lease_seconds=5)


def _is_open() -> bool:
    return breaker.look("acme", "charge").calls == 0


@pytest.fixture
def waited(call: MakeCall, either: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has opened, and has been open for as long as it had to: one may try."""
    with monkeypatch.context() as short:
        short.setattr(settings.ENV, "breaker_open_seconds", 0.05)
        fail(call)
    _until_it_may_try()


def _until_it_may_try() -> None:
    while breaker.look("acme", "charge").calls == 0:
        time.sleep(0.01)


@pytest.mark.parametrize("act", [reset, reply(b"", 500), reply(b"", 503)], ids=["reset", "500", "503"])
def test_silence_and_5xx_open_it_and_then_nothing_leaves(call: MakeCall, act: Act, either: str) -> None:
    with serving(act) as server:
        for _ in range(3):
            with suppress(NoAnswer):
                exchange(call(server.url))
        with pytest.raises(NotSent, match="did not answer lately") as raised:
            exchange(call(server.url))
        assert len(server.requests) == 3
    assert raised.value.code == "breaker_open"
    assert raised.value.retry_seconds is not None and raised.value.retry_seconds > 0


@pytest.mark.parametrize("status", [200, 400, 401, 402, 404, 422, 429])
def test_what_a_provider_says_never_opens_it(call: MakeCall, status: int, either: str) -> None:
    with serving(reply(b"{}", status)) as server:
        for _ in range(10):
            with suppress(Limited):
                exchange(call(server.url))
        assert len(server.requests) == 10
    assert breaker.look("acme", "charge").calls is None


def test_what_could_not_be_built_says_nothing_of_the_provider(call: MakeCall, either: str) -> None:
    for _ in range(10):
        with pytest.raises(NotSent) as raised:
            exchange(call(DEAD, headers={"X": "a\r\nb"}))
        assert raised.value.code == "not_sent"


def test_few_failures_among_many_answers_leave_it_closed(call: MakeCall, either: str) -> None:
    with serving() as server:
        for _ in range(5):
            exchange(call(server.url))
    fail(call, 4)
    assert not _is_open()
    fail(call, 1)
    assert _is_open()


def test_failures_of_another_window_are_forgotten(
    call: MakeCall, either: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ENV, "breaker_window_seconds", 0.05)
    fail(call, 2)
    time.sleep(0.1)
    fail(call, 2)
    assert not _is_open()


def test_lookups_have_their_own(call: MakeCall, either: str) -> None:
    fail(call)
    with serving() as server:
        assert exchange(call(server.url, operation="lookup")).status == 200
        assert exchange(call(server.url, provider="other")).status == 200
        with pytest.raises(NotSent):
            exchange(call(server.url))


def test_of_many_at_once_a_single_one_tries(waited: None) -> None:
    together = threading.Barrier(16)

    def one(_: int) -> str:
        together.wait()
        try:
            return enter().lease
        except NotSent as fault:
            return fault.code

    with ThreadPoolExecutor(16) as pool:
        came = list(pool.map(one, range(16)))
    assert came.count("breaker_open") == 15
    assert breaker.look("acme", "charge") == (0, pytest.approx(5, abs=2))


def test_a_probe_that_went_well_closes_it_for_all(call: MakeCall, waited: None) -> None:
    with serving() as server:
        for _ in range(5):
            exchange(call(server.url))
    assert breaker.look("acme", "charge").calls is None


def test_a_probe_that_failed_doubles_the_wait(call: MakeCall, waited: None) -> None:
    fail(call, 1)
    assert 60 < breaker.look("acme", "charge").retry_seconds <= 120


def test_a_probe_that_says_nothing_is_given_up(waited: None) -> None:
    lost = breaker.enter("acme", "charge", lease_seconds=0.5)
    with pytest.raises(NotSent):
        enter()
    _until_it_may_try()
    taken = enter()
    breaker.leave(lost, healthy=True)  # late: the lease is somebody else's now
    assert _is_open()
    breaker.leave(taken, healthy=True)
    assert not _is_open()


def test_another_worker_knows_at_once(call: MakeCall) -> None:
    fail(call)
    breaker.forget()  # as a process that has seen nothing
    with pytest.raises(NotSent, match="did not answer lately"):
        enter()


def test_a_closed_one_is_not_asked_with_each_call(call: MakeCall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "REMEMBER_SECONDS", 30.0)
    asked: list[str] = []
    real = shared.run
    monkeypatch.setattr(shared, "run", lambda name, *args: asked.append(name) or real(name, *args))
    with serving() as server:
        for _ in range(20):
            exchange(call(server.url))
    assert asked == ["breaker"]
    fail(call, 1)  # and tells with it of the twenty that went well
    redis = wake.connect(settings.CELERY_BROKER_URL)
    held = redis.hgetall("edge:breaker:acme:charge")
    redis.close()
    assert (held[b"ok"], held[b"bad"]) == (b"20", b"1")


@pytest.mark.parametrize("seed", range(20))
def test_redis_and_python_judge_alike(seed: int) -> None:
    dice, circuit, now = random.Random(seed), Circuit(), 1_000
    policy = Policy(window=100, failures=3, open=50, open_max=300, lease=40)
    verdicts = set()
    for _ in range(200):
        now += dice.choice([0, 1, 10, 60, 200])
        name = dice.choice(["ask", "ask", "look", "failed", "failed", "failed", "probe_ok", "probe_failed"])
        lease = "" if name in ("look", "failed") else dice.choice("ab")
        event = Event(name, lease, dice.choice([0, 0, 0, 1]), now)
        there = shared.run("breaker", "edge:breaker:alike", *event, *policy)
        here = circuit.step(event, policy)
        assert there == [here[0], here[1]], event
        verdicts.add(here[0])
    assert verdicts == set(Verdict)


@pytest.mark.parametrize("kind", [socket.AF_INET, socket.AF_UNIX])
def test_a_frozen_redis_costs_one_short_wait(
    call: MakeCall, kind: socket.AddressFamily, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "AWAY_SECONDS", 60.0)
    with socket.socket(kind) as frozen, serving() as server:
        frozen.bind(("127.0.0.1", 0) if kind is socket.AF_INET else str(tmp_path / "frozen"))
        frozen.listen(16)
        at = frozen.getsockname()
        url = f"redis://127.0.0.1:{at[1]}/0" if kind is socket.AF_INET else f"redis+socket://{at}"
        monkeypatch.setattr(settings, "CELERY_BROKER_URL", url)
        for _ in range(10):
            exchange(call(server.url))
        frozen.settimeout(0.1)
        frozen.accept()[0].close()
        with pytest.raises(TimeoutError):  # asked once, without a retry, and nobody asks again for a while
            frozen.accept()


def test_a_fault_says_the_same_to_who_looks_up(call: MakeCall) -> None:
    fail(call)
    with pytest.raises(Fault) as raised:
        exchange(call(DEAD))
    said = raised.value.unavailable()
    assert (said.code, said.retry_seconds) == ("breaker_open", raised.value.retry_seconds)
