"""The storm: faults on most sends, crashes at a share of all boundaries, workers started again at once."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox.live.house import House, house
from sandbox.live.servers import Servers
from sandbox.live.verdict import Verdict
from sandbox.prove import senders

SENDS = ["sendTransaction"]
# What the chain does to a send, each as likely as the next.
KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "drop"},
    {"kind": "lost", "methods": SENDS},
    {"kind": "lost", "methods": SENDS, "when": "before"},
    {"kind": "http_429", "methods": SENDS},
    {"kind": "rpc_429", "methods": SENDS},
    {"kind": "http_5xx", "methods": SENDS, "when": "before"},
    {"kind": "http_5xx", "methods": SENDS, "when": "after"},
    {"kind": "behind", "methods": SENDS},
    {"kind": "late", "slots": 3},
    {"kind": "late", "slots": 60},
    {"kind": "late", "slots": 140},
    {"kind": "late", "slots": 170},
)
STALE: dict[str, Any] = {"kind": "stale", "methods": ["getSignatureStatuses"], "slots": 40}
STALE_SHARE = 0.25
IO_WORKERS = 4
SETTINGS = {
    "SANDBOX_PROVIDERS": senders.PROVIDERS,
    # Waits double with each technical failure; a payment in this storm has a dozen of them.
    "PAYMENT_RETRY_DELAY": "5",
    "SEND_WINDOW_SECONDS": "0.5",
    "SEND_DEADLINE_SECONDS": "0.9",
    "TAKE_SECONDS": "1",
}
PARKED_FEW, PARKED_SHARE = 2, 0.02
"""A worker that dies four times with the same payment in hand: at 8 % a boundary it happens, and seldom."""
PARKED_FOR = frozenset({"it took its worker down four times"})
SURE = 12
"""Crashes to be expected at a boundary before none at all is no chance any more (e^-12)."""
SECONDS_MAX = 3600.0
QUIET_SECONDS = 120.0
WAVE_SECONDS = 3.0
_LOCKED = """
SELECT count(*) FROM payments_payment p JOIN payments_paymentmethod m ON m.id = p.method_id
 WHERE p.state = 'succeeded' AND m.details->>'strict_once' = 'true'
"""


@dataclass(frozen=True)
class Weather:
    """How hard it blows. Shares from 0 to 1."""

    payments: int
    seed: int
    faults: float = 0.6
    crashes: float = 0.08
    waves: int = 5


@dataclass
class Result:
    """What came of one run."""

    sender: str
    verdict: Verdict
    seconds: float
    owed: int = 0
    calls: int = 0
    """sendTransaction calls that reached the node while the storm blew."""
    sends: int = 0
    """Sends that were marked in the database; a worker that dies before its first byte makes no call."""
    restarts: int = 0
    locked: int = 0
    """Payments paid under strict_once: locked on chain too."""
    passed: Counter[str] = field(default_factory=Counter)
    crashes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def fault_share(self) -> float:
        """Of the calls that reached the node, as counted there; a stale answer is no fault of a send."""
        return (self.faults.total() - self.faults["stale"]) / max(1, self.calls)

    @property
    def passings(self) -> int:
        """Boundaries that were passed, crashes among them."""
        return self.passed.total()

    @property
    def crash_share(self) -> float:
        """Of the boundaries that were passed, as counted by those who passed them."""
        return self.crashes.total() / max(1, self.passings)

    def complaints(self, weather: Weather) -> list[str]:
        """What keeps this run from being a proof that its sender holds; [] if nothing does."""
        found = [] if self.verdict.holds else [str(self.verdict)]
        ended = self.verdict.succeeded + self.verdict.parked
        if not self.owed == weather.payments == ended:
            found.append(f"{weather.payments} asked, {self.owed} owed, {ended} paid or parked")
        if self.verdict.parked > max(PARKED_FEW, PARKED_SHARE * self.owed):
            found.append(f"{self.verdict.parked} of {self.owed} are parked")
        strange = self.verdict.reasons.keys() - PARKED_FOR
        found += [f"parked for a reason that no storm gives: {reason}" for reason in sorted(strange)]
        if self.fault_share * self.calls < _least(self.calls, weather.faults):
            found.append(f"faults hit {self.fault_share:.0%} of {self.calls} calls, not {weather.faults:.0%}")
        if self.crash_share * self.passings < _least(self.passings, weather.crashes):
            found.append(
                f"{self.crash_share:.1%} of {self.passings} boundaries crashed, not {weather.crashes:.1%}"
            )
        spared = [point for point, count in self.passed.items() if count * weather.crashes >= SURE]
        found += [
            f"{point} was passed {self.passed[point]} times and never crashed"
            for point in sorted(spared)
            if not self.crashes[point]
        ]
        if not self.locked:
            found.append("nothing was paid under strict_once")
        return found


def run(on: Servers, weather: Weather, *, provider: str = senders.PRODUCT) -> Result:
    """`weather.payments` payments through the storm, then the verdict."""
    began = time.monotonic()
    with house(on, settings=SETTINGS) as home:
        for wave in range(weather.waves):
            # The last wave is locked on chain as well: the first instruction makes the payment's marker.
            strict = wave == weather.waves - 1
            few = len(range(wave, weather.payments, weather.waves))
            home.subscribe(few, provider=provider, strict_once=strict)
        home.staff(money=2, io=IO_WORKERS)
        quiet = home.chain.net.calls()[SENDS[0]]
        _brew(home, weather)
        _bill(home)
        home.crash.disarm()
        fired = home.chain.net.faults()
        calls = home.chain.net.calls()[SENDS[0]] - quiet
        home.chain.net.clear_faults()
        home.settle(QUIET_SECONDS)
        verdict = home.verdict()
        passed, crashed = home.crash.tally()
        faults = Counter({_name(each): 0 for each in fired})
        for each in fired:
            faults[_name(each)] += each["fired"]
        sends = int(home.sql("SELECT coalesce(sum(send_no), 0) FROM payments_attempt")[0][0])
        seconds = time.monotonic() - began
        locked = int(home.sql(_LOCKED)[0][0])
        counts = (home.owed, calls, sends, home.restarts, locked)
        return Result(provider, verdict, seconds, *counts, passed, crashed, faults)


def _bill(home: House) -> None:
    """One wave of due subscriptions after the other, while the storm blows; then to the end."""
    for cohort in home.cohorts:
        home.make_due(cohort)
        home.settle(WAVE_SECONDS)
    home.settle(SECONDS_MAX)


def _brew(home: House, weather: Weather) -> None:
    """Faults share what one send in `weather.faults` gets; crashes hit every boundary alike."""
    dice = random.Random(weather.seed)
    each = weather.faults / len(KINDS)
    for number, kind in enumerate(dice.sample(KINDS, len(KINDS))):
        # Faults are drawn one after the other, so the later ones are drawn from what is left.
        share = each / (1 - each * number)
        home.chain.net.fault(**kind, share=share, seed=dice.getrandbits(31))
    home.chain.net.fault(**STALE, share=STALE_SHARE, seed=dice.getrandbits(31))
    home.crash.share(weather.crashes, seed=weather.seed)


def _name(fault: dict[str, Any]) -> str:
    if fault["kind"] == "late":
        return f"late {fault['slots']}"
    return f"{fault['kind']} {fault['when']}" if fault["kind"] in ("lost", "http_5xx") else str(fault["kind"])


def _least(chances: int, share: float) -> float:
    """Fewer hits than this are no bad luck: four deviations below what was asked for, and never below half."""
    wanted = chances * share
    return max(wanted - 4 * math.sqrt(wanted), wanted / 2)
