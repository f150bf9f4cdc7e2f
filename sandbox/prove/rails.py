"""The gateways' storm: each rail's payments while every fault family hits its calls and its callbacks at once.

Real web, real workers, PostgreSQL and Valkey; the simulator's clock runs ahead, so that late callbacks, stale
look-ups and expiries come to their end while the workers are at it.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from sandbox.gateways.control import Gateways
from sandbox.live.house import House, house
from sandbox.live.servers import Servers
from sandbox.live.web import free_port, web
from sandbox.prove.rail_verdict import RailVerdict, judge
from sandbox.rails.gateways import ALL
from sandbox.rails.rail import Rail
from sandbox.run.ports import HOST

CALLS: tuple[dict[str, Any], ...] = (
    {"kind": "timeout_before", "seconds": 3},
    {"kind": "timeout_after_success", "seconds": 3},
    {"kind": "reset_after_success"},
    {"kind": "500_before"},
    {"kind": "500_after_success"},
    {"kind": "429", "retry_after": 1},
    {"kind": "drip", "delay_ms": 100},
    {"kind": "malformed_json"},
    {"kind": "truncated"},
    {"kind": "html_502"},
    {"kind": "html_502", "when": "after"},
    {"kind": "unknown_status"},
    {"kind": "wrong_amount", "amount": 100},
    {"kind": "wrong_currency"},
    {"kind": "auth_revoked"},
    {"kind": "duplicate_key_conflict"},
)
"""At most one of these a call, each as likely as the next."""
BESIDES: tuple[dict[str, Any], ...] = (
    {"kind": "slow", "delay_ms": 300},
    {"kind": "lookup_404_for", "seconds": 60},
    {"kind": "stale_lookup", "seconds": 60},
)
HOOKS: tuple[dict[str, Any], ...] = (
    {"kind": "hook_drop"},
    {"kind": "hook_duplicate"},
    {"kind": "hook_delay", "seconds": 300},
    {"kind": "hook_reorder"},
    {"kind": "hook_before_answer"},
    {"kind": "hook_wrong_signature"},
    {"kind": "hook_old_timestamp"},
    {"kind": "hook_replay", "seconds": 600},
    {"kind": "hook_reserialised"},
    {"kind": "hook_storm", "times": 5},
    {"kind": "hook_unknown_object"},
    {"kind": "hook_other_mode"},
)
SETTINGS = {
    "SEND_WINDOW_SECONDS": "2",
    "SEND_DEADLINE_SECONDS": "1.5",
    "TAKE_SECONDS": "4",
    "PAYMENT_RETRY_DELAY": "20",
    "VERIFY_MAX_SECONDS": "2",
    "PARK_UNKNOWN_SECONDS": "90",  # where nothing is sent twice, what was never begun is a person's in the end
    "BREAKER_OPEN_SECONDS": "0.3",
    "BREAKER_OPEN_MAX_SECONDS": "1",
    "LANE_THREADS": "32",
}
STEP_SECONDS = 20.0
"""Of the simulator's clock, for each quarter of a second of ours."""
SECONDS_MAX = 1800.0


@dataclass(frozen=True)
class RailWeather:
    """`share` of calls (and of callbacks) that each kind of fault hits."""

    payments: int = 1000
    share: float = 0.05
    seed: int = 1


@dataclass
class RailResult:
    """What came of one rail."""

    rail: str
    verdict: RailVerdict
    seconds: float
    requests: int
    fired: Counter[str] = field(default_factory=Counter)

    def complaints(self, weather: RailWeather) -> list[str]:
        """What keeps this run from being a proof; [] if nothing does."""
        found = [] if self.verdict.holds else [f"{self.rail}: {self.verdict}"]
        if self.verdict.payments != weather.payments:
            found.append(f"{self.rail}: {weather.payments} were asked, there are {self.verdict.payments}")
        quiet = [kind for kind in _asked(weather) if not self.fired[kind] and weather.payments >= 200]
        return found + [f"{self.rail}: {kind} never fired" for kind in quiet if kind not in NEVER]


NEVER = frozenset({"lookup_404_for", "stale_lookup", "duplicate_key_conflict"})
"""What a gateway without such calls has no occasion for."""


def run(on: Servers, name: str, weather: RailWeather) -> RailResult:
    """One rail's payments through the storm, then the verdict."""
    began, port = time.monotonic(), free_port()
    with ExitStack() as stack:
        gateways = stack.enter_context(Gateways.start())
        rail = ALL[name](gateways)
        rail.hasten()
        more = {f"{rail.name.upper()}_CALLS_PER_SECOND": "1000", "PUBLIC_URL": f"http://{HOST}:{port}"}
        home = stack.enter_context(house(on, settings={**SETTINGS, **rail.environ(), **more}))
        address = stack.enter_context(web(home, port=port))
        rail.call_back(f"{address}/api/webhooks/{rail.name}")
        _people(home, rail, weather.payments)
        _brew(gateways, rail, weather)
        home.staff(money=2, io=2)
        home.make_due()
        _wait(home, rail, SECONDS_MAX / 2)
        fired = Counter({each["kind"]: 0 for each in gateways.faults()})
        for each in gateways.faults():
            fired[each["kind"]] += each["fired"]
        gateways.clear_faults()
        _wait(home, rail, SECONDS_MAX / 2)
        verdict = judge(home, rail)
        return RailResult(name, verdict, time.monotonic() - began, _calls(gateways), fired)


def _people(home: House, rail: Rail, count: int) -> None:
    """`count` payers who set up their method before, each with a subscription that is due in a period."""
    details = [rail.payer(f"payer-{number}@example.com") for number in range(count)]
    home.subscribe_by(rail.name, rail.currency, rail.price_minor, details)


def _brew(gateways: Gateways, rail: Rail, weather: RailWeather) -> None:
    """Of the kinds of which one call gets one, the later are drawn from what the earlier left."""
    dice = random.Random(weather.seed)
    for number, kind in enumerate(dice.sample(CALLS, len(CALLS))):
        left = 1 - weather.share * number
        _fault(gateways, rail, kind, weather.share / left, dice)
    for kind in (*BESIDES, *HOOKS):
        _fault(gateways, rail, kind, weather.share, dice)


def _fault(gateways: Gateways, rail: Rail, kind: dict[str, Any], share: float, dice: random.Random) -> None:
    gateways.fault(**kind, provider=rail.speakers[0], share=share, seed=dice.getrandbits(31))


def _wait(home: House, rail: Rail, seconds: float) -> None:
    """Until nothing is open, while the outside's time runs and payers pay their links."""
    home.until(_stepping(home, rail), seconds)


def _stepping(home: House, rail: Rail) -> Callable[[], bool]:
    last = 0.0

    def over() -> bool:
        nonlocal last
        if time.monotonic() - last > 0.25:
            last = time.monotonic()
            rail.act()
            rail.gateways.advance(STEP_SECONDS)
        return not home.is_open()

    return over


def _calls(gateways: Gateways) -> int:
    seen, last = 0, 0
    while found := gateways.requests(since=last):
        seen, last = seen + len(found), found[-1]["seq"]
    return seen


def _asked(weather: RailWeather) -> list[str]:
    return [each["kind"] for each in (*CALLS, *BESIDES, *HOOKS)]
