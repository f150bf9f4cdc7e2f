"""(c) Settled pulls per second on the localnet, and how many the localnet itself takes.

Real signing, a real VM, finality 32 slots later. The ceiling is measured with the same transactions, signed
beforehand and sent by as many threads as a lane has, with nothing else going on.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings

from benchmarks import seed
from benchmarks.chain import World
from benchmarks.settle import _note
from benchmarks.sizes import Size
from benchmarks.workers import workers
from billing import cycle
from engine.core import clock, wake
from engine.core.actor import SYSTEM
from engine.core.ids import uuid7s
from engine.providers import registry
from engine.providers.base import Outcome, Payable, Prepared, Sendable
from engine.providers.solana.sheet import NAME
from payments import switches


def measure(size: Size, world: World) -> dict[str, object]:
    """The ceiling, then the product over real workers, then the ceiling again."""
    ceilings = [_ceiling(size["ceiling"], world)]
    url = os.environ["DATABASE_URL"]
    seed.plans(url, wallet=str(world.payee.pubkey()))
    found: dict[str, list[float]] = {}
    warm = size["warm"]
    with workers(money=1):
        _settle(url, 0, warm, world, {})
        for number in range(size["rounds"]):
            _settle(url, warm + number * size["pulls"], size["pulls"], world, found)
    ceilings.append(_ceiling(size["ceiling"], world))
    owed = warm + size["rounds"] * size["pulls"] + 2 * size["ceiling"]
    moved = [one for one in world.net.executed() if one["err"] is None and one["memos"]]
    if len(moved) != owed:
        raise RuntimeError(f"{len(moved)} pulls moved money on the chain, {owed} were owed")
    return {
        "pulls": size["pulls"], "wallets": size["wallets"], "threads": settings.ENV.lane_threads,
        "rate": found["pulls"], "steady": found["pulls_steady"], "ceiling": ceilings,
    }  # fmt: skip


def _settle(url: str, first: int, count: int, world: World, found: dict[str, list[float]]) -> None:
    switches.pause(NAME, reason="the benchmark fills the lane first", by=SYSTEM)
    seed.subscriptions(url, first, count, provider=NAME, details=world.details)
    seed.make_due(url, first, count)
    cycle.claim(0)
    cycle.finalize()
    switches.resume(NAME, reason="the lane is full", by=SYSTEM)
    since = clock.machine_now()
    wake.publish(wake.Wake("payments.send", (("operation", "charge"), ("provider", NAME))))
    _note("pulls", since, count, found)


def _ceiling(count: int, world: World) -> float:
    """Transactions per second that the localnet takes and executes when nobody else works."""
    provider = registry.get(NAME)
    payee = str(world.payee.pubkey())
    payables = [
        Payable(
            one, "charge", seed.PRICE, 25, "USDC", {**world.details[n % len(world.details)], "payee": payee}
        )
        for n, one in enumerate(uuid7s(count))
    ]
    signed = provider.prepare(payables, provider.context(payables))
    sendables = [
        Sendable(
            p.payment_id,
            p.payment_id,
            1,
            "charge",
            s.identity,
            s.envelope,
            s.data,
            p.amount_minor,
            "USDC",
            {},
        )
        for p, s in zip(payables, signed, strict=True)
        if isinstance(s, Prepared)
    ]
    began = time.perf_counter()
    with ThreadPoolExecutor(settings.ENV.lane_threads) as pool:
        answers = list(pool.map(provider.submit, sendables))
    seconds = time.perf_counter() - began
    taken = sum(answer.outcome is Outcome.PENDING for answer in answers)
    if taken != count:
        raise RuntimeError(f"the localnet took {taken} of {count}")
    return count / seconds
