"""What each fault of a node proves about a send, and that the payment is made once all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.providers.base import Outcome, ProviderUnavailable
from engine.providers.solana import submit
from engine.providers.solana.faults import RpcError
from tests.solana.world import DEAD_SLOTS, FINAL_SLOTS, Driver, World

SENDING = {"methods": ["sendTransaction"]}
FAULTS = [
    pytest.param("lost", {"when": "after"}, "no_answer", True, id="answer-lost"),
    pytest.param("lost", {"when": "before"}, "no_answer", False, id="request-lost"),
    pytest.param("http_5xx", {"when": "after"}, "no_answer", True, id="5xx-after"),
    pytest.param("http_5xx", {"when": "before"}, "no_answer", False, id="5xx-before"),
    pytest.param("http_429", {"retry_after": 7}, "rate_limited", False, id="http-429"),
    pytest.param("rpc_429", {"retry_after": 7}, "rate_limited", False, id="rpc-429"),
    pytest.param("rpc_429", {"retry_after": 7, "code": -32429}, "rate_limited", False, id="rpc-32429"),
    pytest.param("behind", {}, "node_behind", False, id="behind"),
]


@pytest.mark.parametrize(("kind", "members", "code", "landed"), FAULTS)
def test_a_faulty_send_is_unknown_and_paid_once(
    world: World, driver: Driver, kind: str, members: dict[str, Any], code: str, landed: bool
) -> None:
    world.net.fault(kind, **SENDING, **members)
    attempt = driver.sign(world.payable())
    finding = driver.send(attempt)
    assert (finding.outcome, finding.code) == (Outcome.UNKNOWN, code)
    assert finding.retry_seconds == (7 if code == "rate_limited" else None)
    assert bool(world.settled(attempt.payable)) is landed
    world.net.clear_faults()
    driver.recover(attempt)
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).outcome is Outcome.SUCCEEDED
    assert len(world.settled(attempt.payable)) == 1


def test_a_node_that_hangs_is_unknown(world: World, driver: Driver, change: Callable[..., None]) -> None:
    change(send_deadline_seconds=0.3)
    attempt = driver.sign(world.payable())
    world.net.fault("slow", delay_ms=400, **SENDING)
    assert driver.send(attempt).outcome is Outcome.UNKNOWN


def test_nobody_listening_proves_that_nothing_left(
    world: World, driver: Driver, change: Callable[..., None]
) -> None:
    attempt = driver.sign(world.payable())
    change(solana_rpc_url="http://127.0.0.1:9")
    finding = driver.send(attempt)
    assert (finding.outcome, finding.code) == (Outcome.NOT_LEFT, "not_reached")


def test_a_refusal_of_the_bytes_is_no_proof_that_no_node_took_them(world: World, driver: Driver) -> None:
    """A balancer may ask a second node after the first one took the bytes: never a reason to sign anew."""
    attempt = driver.sign(world.payable())
    broken = attempt.sendable().__class__(
        **{name: getattr(attempt.sendable(), name) for name in attempt.sendable().__slots__}
        | {"envelope": b"junk"}
    )
    finding = driver.provider.submit(broken)
    assert (finding.outcome, finding.code) == (Outcome.UNKNOWN, "refused_by_node")


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (
            RpcError(-32002, "preflight", {"err": "AlreadyProcessed"}),
            Outcome.PENDING,
            "already_processed",
        ),
        (RpcError(-32002, "preflight", {"err": "BlockhashNotFound"}), Outcome.UNKNOWN, "refused_by_node"),
        (RpcError(-32003, "signature"), Outcome.UNKNOWN, "refused_by_node"),
        (RpcError(-32602, "params"), Outcome.UNKNOWN, "refused_by_node"),
        (RpcError(-32000, "what"), Outcome.UNKNOWN, "refused_by_node"),
    ],
)
def test_what_a_refusal_proves(error: RpcError, outcome: Outcome, code: str) -> None:
    finding = submit.of_fault(error)
    assert (finding.outcome, finding.code) == (outcome, code)


@pytest.mark.parametrize("kind", ["lost", "http_5xx", "http_429", "rpc_429", "behind"])
def test_a_node_that_cannot_be_asked_is_unavailable(world: World, driver: Driver, kind: str) -> None:
    attempt = driver.sign(world.payable())
    world.net.fault(kind)
    with pytest.raises(ProviderUnavailable) as looked:
        driver.lookup(attempt)
    with pytest.raises(ProviderUnavailable):
        driver.provider.context([attempt.payable])
    limited = kind.endswith("429")
    assert looked.value.retry_seconds == (1 if limited else None)
    assert (looked.value.code == "rate_limited") is limited


def test_a_hundred_payments_through_every_fault_at_once(world: World, driver: Driver) -> None:
    """The engine's rule against a hostile node: nobody pays twice, nobody is forgotten."""
    world.approve(100 * 10**6)
    for number, kind in enumerate(["lost", "drop", "http_429", "behind", "http_5xx"]):
        members = {"when": "after"} if kind == "http_5xx" else {}
        world.net.fault(kind, share=0.2, seed=number, methods=["sendTransaction"], **members)
    world.net.fault("late", share=0.3, slots=140, seed=9)
    world.net.fault("stale", share=0.25, slots=190, seed=10, methods=["getSignatureStatuses"])
    world.net.pause()
    payables = [world.payable(10_000) for _ in range(100)]
    open_now = {p.payment_id: driver.pay(p) for p in payables}
    for _ in range(60):
        for payment_id, attempt in list(open_now.items()):
            finding = driver.lookup(attempt)
            if finding.outcome is Outcome.SUCCEEDED:
                del open_now[payment_id]
            elif finding.outcome is Outcome.ABSENT:
                open_now[payment_id] = driver.pay(attempt.payable)
            elif finding.outcome is Outcome.MISSING:
                driver.send(attempt, 2)
        if not open_now:
            break
        world.net.advance(DEAD_SLOTS // 5)
    assert not open_now
    assert [len(world.settled(p)) for p in payables] == [1] * 100
