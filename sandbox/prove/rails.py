"""The gateways' storm: each rail's payments and refunds while every fault family hits its calls and its callbacks.

Real web, real workers, PostgreSQL and Valkey; the simulator's clock runs ahead, so that late callbacks, stale
look-ups and expiries come to their end while the workers are at it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from sandbox.gateways.control import Gateways
from sandbox.live.house import House, house
from sandbox.live.servers import Servers
from sandbox.live.web import free_port, web
from sandbox.prove.rail_verdict import RailVerdict, judge
from sandbox.prove.rail_weather import Blown, RailWeather, Storm, spared
from sandbox.rails.gateways import ALL
from sandbox.rails.rail import Rail
from sandbox.run.ports import HOST

SETTINGS = {
    # A fault of three kinds lasts as long as a call may: what a storm takes is mostly that.
    "SEND_WINDOW_SECONDS": "1",
    "SEND_DEADLINE_SECONDS": "0.7",
    "TAKE_SECONDS": "4",
    "PAYMENT_RETRY_DELAY": "20",
    "VERIFY_MAX_SECONDS": "3",
    "PARK_UNKNOWN_SECONDS": "120",  # where nothing is sent twice, what was never begun is a person's in the end
    # Half of all calls fail: by the default the breaker would be open nearly all the time, and little be tried.
    "BREAKER_FAILURES": "50",
    "BREAKER_OPEN_SECONDS": "0.3",
    "BREAKER_OPEN_MAX_SECONDS": "1",
    "LANE_THREADS": "32",
}
WAVE = 50
"""The next wave is due once fewer than two are open: more would only wait for their looks, and be parked."""
REFUNDED = 10
"""Of so many paid payments one is given back: all of it, a part, or a part and then the rest."""
SECONDS_MAX = 1800.0
LOOKS_SECONDS_MAX = 120.0

_ENDED = """
SELECT count(*) FROM payments_payment
 WHERE operation = 'charge' AND (state NOT IN ('scheduled', 'in_flight') OR parked_at IS NOT NULL)
"""
_PAID = "SELECT count(*) FROM payments_payment WHERE operation = 'charge' AND state = 'succeeded'"
_LOOKS_DUE = """
SELECT EXISTS (SELECT 1 FROM payments_attempt WHERE look_at IS NOT NULL)
    OR EXISTS (SELECT 1 FROM payments_evidence WHERE applied_at IS NULL)
"""


@dataclass
class RailResult:
    """What came of one rail."""

    rail: str
    verdict: RailVerdict
    seconds: float
    requests: int
    tally: Mapping[str, Blown] = field(default_factory=dict)

    def complaints(self, weather: RailWeather) -> list[str]:
        """What keeps this run from being a proof; [] if nothing does."""
        found = [] if self.verdict.holds else [f"{self.rail}: {self.verdict}"]
        if self.verdict.payments != weather.payments:
            found.append(f"{self.rail}: {weather.payments} were asked, there are {self.verdict.payments}")
        if self.verdict.refunds < ALL[self.rail].gives_back * (self.verdict.succeeded // REFUNDED):
            found.append(f"{self.rail}: {self.verdict.refunds} refunds of {self.verdict.succeeded} payments")
        return found + [f"{self.rail}: {kind} never fired" for kind in spared(self.tally, weather)]


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
        home.staff(money=2, io=2)
        tally = _blow(home, rail, Storm(gateways, name, rail, weather))
        _calm(home, rail)
        verdict = judge(home, rail)
        return RailResult(name, verdict, time.monotonic() - began, _calls(gateways), tally)


def _people(home: House, rail: Rail, count: int) -> None:
    """`count` payers who set up their method before, each with a subscription that is due when their wave is."""
    size = max(1, min(WAVE, count // 4))
    for first in range(0, count, size):
        wave = range(first, min(first + size, count))
        details = [rail.payer(f"payer-{number}@example.com") for number in wave]
        home.subscribe_by(rail.name, rail.currency, rail.price_minor, details)


def _blow(home: House, rail: Rail, storm: Storm) -> dict[str, Blown]:
    """Wave after wave of payments, the refunds of what is paid, and nobody there for hours in the middle of it."""
    room = 2 * len(home.cohorts[0].subscriptions)
    for number, cohort in enumerate(home.cohorts):
        if number == len(home.cohorts) // 2:
            storm.black_out()
        home.make_due(cohort)
        _wait(home, rail, lambda: home.owed - int(home.sql(_ENDED)[0][0]) < room)
        _give_back(home, rail)
    _wait(home, rail, lambda: not home.is_open())
    _give_back(home, rail)
    _wait(home, rail, lambda: not home.is_open())
    tally = storm.tally()
    rail.gateways.clear_faults()
    return tally


def _calm(home: House, rail: Rail) -> None:
    """Afterwards somebody looks at what is parked, and the hourly list of disputes is read: no callback has to come."""
    _wait(home, rail, lambda: not home.is_open())
    home.nursery.errand("look_at_parked")
    _wait(home, rail, lambda: not home.sql(_LOOKS_DUE)[0][0], LOOKS_SECONDS_MAX)
    home.step_machine_time(
        rail.gateways.now() - time.time() + 1
    )  # what was listed till then is listed by ours
    home.nursery.errand("watch_disputes")


def _give_back(home: House, rail: Rail) -> None:
    if rail.gives_back:
        home.nursery.errand("give_back", among=int(home.sql(_PAID)[0][0]), every=REFUNDED)


def _wait(home: House, rail: Rail, true: Callable[[], bool], seconds: float = SECONDS_MAX) -> None:
    """Until something is so, while the outside's time runs and payers pay their links."""
    last = 0.0

    def over() -> bool:
        nonlocal last
        if time.monotonic() - last > 0.25:
            last = time.monotonic()
            rail.act()
            rail.gateways.advance(rail.storm_step_seconds)
        return true()

    home.until(over, seconds)


def _calls(gateways: Gateways) -> int:
    seen, last = 0, 0
    while found := gateways.requests(since=last):
        seen, last = seen + len(found), found[-1]["seq"]
    return seen
