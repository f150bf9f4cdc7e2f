"""A house of one's own: everything that a payment passes through, started, hurt, and judged."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from sandbox.live import servers
from sandbox.live.chain import UNIT, Chain, chain
from sandbox.live.crash import Plan
from sandbox.live.servers import Servers
from sandbox.live.spans import INTERVAL_SECONDS, LIMITS, SETTLE_SECONDS, SHORT
from sandbox.live.ticker import Ticker
from sandbox.live.verdict import Verdict, judge
from sandbox.live.workers import Nursery, Worker

PRICE_MINOR = 7 * UNIT
FEE_BPS = 500
CREATORS = 2

_IS_OPEN = """
SELECT (SELECT count(*) FROM billing_invoice WHERE subscription_id = ANY(%(mine)s)) < %(owed)s
    OR EXISTS (SELECT 1 FROM billing_invoice WHERE state = 'draft' AND next_action_at IS NOT NULL)
    OR EXISTS (SELECT 1 FROM payments_payment WHERE state IN ('scheduled', 'in_flight') AND parked_at IS NULL)
    OR EXISTS (SELECT 1 FROM payments_evidence WHERE applied_at IS NULL)
"""
# A running clock stands at its lease less its offset; ours has a lease that is over.
_ONE_PERIOD_ON = (
    "UPDATE engine_core_clock SET offset_seconds = offset_seconds - %(seconds)s WHERE id = %(id)s"
)


@dataclass(frozen=True)
class Cohort:
    """Subscribers who live on a clock of their own, so that they are due when a proof says so."""

    clock_id: int
    subscriptions: list[str]


@dataclass
class House:
    """A running house. `owed` is how many periods were made due; `workers` are mended while waiting."""

    folder: Path
    servers: Servers
    database_url: str
    redis_url: str
    chain: Chain
    nursery: Nursery
    plans: list[dict[str, str]]
    workers: dict[str, Worker] = field(default_factory=dict)
    cohorts: list[Cohort] = field(default_factory=list)
    owed: int = 0
    resting: set[int] = field(default_factory=set)
    restarts: int = 0
    keep: bool = True
    """Whether waiting starts dead workers again."""
    _connection: psycopg.Connection[Any] | None = None

    @property
    def crash(self) -> Plan:
        """Where workers are told to die."""
        return Plan(self.folder)

    # -- people

    @property
    def subscriptions(self) -> list[str]:
        return [each for cohort in self.cohorts for each in cohort.subscriptions]

    def subscribe(
        self, count: int, *, provider: str = "solana_delegate", strict_once: bool = False
    ) -> Cohort:
        """`count` payers with real keys, funds, approvals and subscriptions; nothing is due yet."""
        pairs = self.chain.payers(count)
        clock_id = self.nursery.errand("make_clock")
        made: list[str] = []
        for number, plan in enumerate(self.plans):
            mine = [str(pair.pubkey()) for pair in pairs[number :: len(self.plans)]]
            made += self.nursery.errand(
                "subscribe", wallets=mine, plan=plan["plan"], provider=provider, mint=str(self.chain.mint),
                fee_wallet=str(self.chain.fee_wallet.pubkey()), strict_once=strict_once, clock_id=clock_id,
            )  # fmt: skip
        self.cohorts.append(Cohort(clock_id, made))
        return self.cohorts[-1]

    def subscribe_by(
        self, provider: str, currency: str, price_minor: int, details: list[dict[str, Any]]
    ) -> Cohort:
        """A payer with this method and a subscription for each of `details`; nothing is due yet."""
        clock_id = self.nursery.errand("make_clock")
        made = self.nursery.errand(
            "subscribe_by", provider=provider, currency=currency, price_minor=price_minor, details=details,
            clock_id=clock_id,
        )  # fmt: skip
        self.cohorts.append(Cohort(clock_id, made))
        return self.cohorts[-1]

    def make_due(self, cohort: Cohort | None = None) -> None:
        """The next period of a cohort (of all that don't rest) starts now: claim finds it."""
        every = [each for each in self.cohorts if each.clock_id not in self.resting]
        for each in [cohort] if cohort else every:
            self.sql(_ONE_PERIOD_ON, {"id": each.clock_id, "seconds": INTERVAL_SECONDS})
            self.owed += len(each.subscriptions)

    def rest(self, cohort: Cohort) -> None:
        """Its people owe nothing new: it is passed over when all are made due. What they owed counts as before."""
        self.resting.add(cohort.clock_id)

    # -- processes

    def start(self, name: str, role: str, **env: str) -> Worker:
        """One more worker (role money, io or beat), ready."""
        self.workers[name] = Worker(self.nursery, self.folder, name, role, env).start()
        return self.workers[name].wait_ready()

    def staff(self, *, money: int = 1, io: int = 2, **env: str) -> None:
        """The usual workers, started side by side."""
        names = [(f"money-{n}", "money") for n in range(money)] + [(f"io-{n}", "io") for n in range(io)]
        for name, role in names:
            self.workers[name] = Worker(self.nursery, self.folder, name, role, dict(env)).start()
        for name, _ in names:
            self.workers[name].wait_ready()

    def mend(self) -> int:
        """Start dead workers again; how many were dead."""
        ended = self.nursery.ended()
        dead = [worker for worker in self.workers.values() if worker.pid in ended]
        for worker in dead:
            worker.start()
        self.restarts += len(dead)
        return len(dead)

    def dismiss(self, name: str) -> None:
        """Kill a worker for good."""
        self.workers.pop(name).kill()

    # -- time

    def settle(self, seconds: float = SETTLE_SECONDS) -> bool:
        """Wait until nothing is open any more; False if `seconds` were not enough."""
        return self.until(lambda: not self.is_open(), seconds)

    def is_open(self) -> bool:
        """Whether something owed is not at its end: no invoice yet, a draft, a payment, unread evidence.

        Or a transaction that the chain holds back: it may still move money that nobody waits for.
        """
        if self.chain.net.status()["held"]:
            return True
        return bool(self.sql(_IS_OPEN, {"mine": self.subscriptions, "owed": self.owed})[0][0])

    def until(self, true: Callable[[], bool], seconds: float = SETTLE_SECONDS) -> bool:
        """Wait for something, mending meanwhile; False if it did not come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if true():
                return True
            if self.keep:
                self.mend()
            time.sleep(0.1)
        return true()

    def step_machine_time(self, seconds: float) -> None:
        """Machine time is off by so much from now on: its one function is replaced."""
        self.sql(
            "CREATE OR REPLACE FUNCTION machine_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
            f"$$ SELECT clock_timestamp() + interval '{seconds} seconds' $$"
        )

    # -- truth

    def verdict(self, *, books: bool = True) -> Verdict:
        """The chain's truth log, ledger and invoices, compared one to one; and the product's own check."""
        found = judge(self)
        if books:
            found.wrong += [f"check_books: {each}" for each in self.nursery.errand("check_books")]
        return found

    def sql(self, statement: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement on the house's database; its rows. A server that is away is waited for."""
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = psycopg.connect(self.database_url, autocommit=True, connect_timeout=5)
                cursor = self._connection.execute(statement, params)  # type: ignore[arg-type]
                return list(cursor.fetchall()) if cursor.description else []
            except psycopg.OperationalError:
                self._connection = None
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)


@contextmanager
def house(
    on: Servers,
    *,
    settings: Mapping[str, str] | None = None,
    price_minor: int = PRICE_MINOR,
    ticker: bool = True,
) -> Iterator[House]:
    """A house on `on`, furnished, with nobody in it: no workers, no subscriptions.

    `settings` are environment variables over the short spans; without `ticker` only beats wake it.
    """
    folder = Path(tempfile.mkdtemp(prefix="cb-live-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        here = stack.enter_context(chain(folder))
        environ = {**_outside(), **on.secrets, **SHORT, **here.environ, **(settings or {})}
        environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        redis_url = stack.enter_context(servers.queue(on))
        environ |= {"REDIS_URL": redis_url, "DATABASE_URL": on.database_url}
        database_url = stack.enter_context(servers.database(on, environ))
        database_url += f"{'&' if '?' in database_url else '?'}options={quote(LIMITS)}"
        nursery = Nursery({**environ, "DATABASE_URL": database_url}, folder)
        stack.callback(nursery.close)
        creators = here.creators(CREATORS)
        nursery.wait()
        plans = nursery.errand("furnish", creators=creators, price_minor=price_minor, fee_bps=FEE_BPS)
        if ticker:
            stack.callback(Ticker(redis_url).start().stop)
        yield House(folder, on, database_url, redis_url, here, nursery, plans)


def _outside() -> dict[str, str]:
    """Our own environment without what would steer the product, or make every import compile again."""
    ours = ("DATABASE_URL", "REDIS_URL", "RUN_DIR", "SANDBOX_PROVIDERS", "PYTHONDONTWRITEBYTECODE")
    return {
        key: value
        for key, value in os.environ.items()
        if key not in ours and not key.startswith(("SOLANA_", "CLEARBEAT_", "PAYMENT_", "PG"))
    }
