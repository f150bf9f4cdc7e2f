"""A synchronous handle on running gateways, for tests, the demo and the proofs."""

import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from urllib3 import connection_from_url

from sandbox.started import Started, spawn

READY = re.compile(r"gateways ready url=(\S+)")
CALL_SECONDS_MAX = 30
QUIET_SECONDS_MAX = 30
JSON = {"Content-Type": "application/json"}


class ControlError(Exception):
    """The panel refused; the text says why."""


class Gateways(Started):
    """A client of one simulator. Its calls go without `requests`, which costs more than all that they ask for."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._pool = connection_from_url(url, retries=False)

    @classmethod
    def start(
        cls, state: Path | str | None = None, *, port: int = 0, arguments: Iterable[str] = ()
    ) -> "Gateways":
        """Start a server as a child process and wait for its ready line; ``port`` 0 picks a free one."""
        words = ["--port", str(port), *(["--state", str(state)] if state else [])]
        process, ready = spawn("sandbox.gateways", [*words, *arguments], READY)
        found = cls(ready[1])
        found.process = process
        return found

    # -- time

    def now(self) -> float:
        """Virtual unix seconds."""
        found: float = self._get("clock")["now"]
        return found

    def advance(self, seconds: float) -> int:
        """Move the clock and do what came due; how much that was. Callbacks then go out by themselves."""
        done: int = self._post("clock", advance=seconds)["done"]
        return done

    def set_clock(self, now: float | None = None, *, running: bool) -> None:
        """Name the hour, and say whether the clock runs at real speed or stands still."""
        self._post("clock", running=running, **({"now": now} if now is not None else {}))

    def timers(self) -> list[dict[str, Any]]:
        """What is due later, the next one first."""
        found: list[dict[str, Any]] = self._get("timers")
        return found

    # -- faults and outcomes

    def fault(self, kind: str, **members: Any) -> int:
        """Set a fault, members as in ``faults.Rule``: provider, route, reference, share, count, ...; its id."""
        number: int = self._post("faults", kind=kind, **members)["id"]
        return number

    def outage(self, seconds: float, provider: str = "", style: str = "reset") -> int:
        """A provider (or all) gone for so much virtual time; the fault's id."""
        return self.fault("outage", provider=provider, period=seconds, style=style)

    def faults(self) -> list[dict[str, Any]]:
        """The rules with their ``fired`` counts."""
        found: list[dict[str, Any]] = self._get("faults")
        return found

    def clear_faults(self, number: int | None = None) -> int:
        """Remove one rule or all; how many went."""
        path = "faults" if number is None else f"faults/{number}"
        removed: int = self._call("DELETE", path)["removed"]
        return removed

    def decide(self, provider: str, word: str, **outcome: Any) -> None:
        """Fix what becomes of requests with this word (reference, account, card, email); nothing undoes it."""
        self._post("outcomes", provider=provider, word=word, outcome=outcome or None)

    def configure(self, provider: str, **settings: Any) -> dict[str, Any]:
        """Change settings: secret_keys, webhook_url, webhook_secrets, ...; all of them."""
        found: dict[str, Any] = self._call("POST", f"settings/{provider}", settings)
        return found

    def do(self, provider: str, name: str, **members: Any) -> Any:
        """What somebody outside does at this gateway: ``do("stripe", "dispute", charge=...)``."""
        return self._call("POST", f"do/{provider}/{name}", members)

    # -- the truth

    def give(self, account: str, currency: str, amount: int) -> int:
        """Put money on ``provider:owner:part``, or take it with an amount below zero; what it then holds."""
        held: int = self._post("balances", account=account, currency=currency, amount=amount)["balance"]
        return held

    def balances(self, provider: str = "") -> dict[str, dict[str, int]]:
        """Account to currency to minor units."""
        found: dict[str, dict[str, int]] = self._get("balances", provider=provider)
        return found

    def ledger(self, since: int = 0, **equal: str) -> list[dict[str, Any]]:
        """Every movement of money with seq > since: provider, kind, reference, amount, currency, object."""
        found: list[dict[str, Any]] = self._get("ledger", since=since, **equal)
        return found

    def requests(self, since: int = 0, **equal: str) -> list[dict[str, Any]]:
        """What was asked: rows of the journal with seq > since, at most a thousand at a time."""
        found: list[dict[str, Any]] = self._get("requests", since=since, **equal)
        return found

    def assertions(self) -> dict[str, Any]:
        """{ok, doubles, overdrawn}: what must not be."""
        found: dict[str, Any] = self._get("assertions")
        return found

    # -- callbacks

    def webhooks(self, **equal: str) -> list[dict[str, Any]]:
        """The callbacks with their bytes, state and answers, the oldest first."""
        found: list[dict[str, Any]] = self._get("webhooks", **equal)
        return found

    def hold(self, provider: str = "") -> None:
        """Keep callbacks back from now on."""
        self._post("webhooks/hold", provider=provider)

    def release(self, provider: str = "", ids: list[str] | None = None) -> int:
        """Let held callbacks go, or only ``ids`` and in that order; how many."""
        sent: int = self._post("webhooks/release", provider=provider, ids=ids)["sent"]
        return sent

    def resend(self, *ids: str) -> int:
        """Send callbacks again, signed anew; how many."""
        sent: int = self._post("webhooks/resend", ids=list(ids))["sent"]
        return sent

    def quiet(self) -> None:
        """Wait until no callback is on its way or ready to go."""
        until = time.monotonic() + QUIET_SECONDS_MAX
        while self.status()["busy"]:
            if time.monotonic() > until:
                raise TimeoutError(f"callbacks are still on their way after {QUIET_SECONDS_MAX} s")
            time.sleep(0.01)

    # -- the whole

    def status(self) -> dict[str, Any]:
        """busy, bugs, base, gateways."""
        found: dict[str, Any] = self._get("status")
        return found

    def reset(self) -> None:
        """Forget everything: objects, books, keys, faults, settings, clock."""
        self._post("reset")

    def seed(self, seed: int) -> None:
        """Begin the random numbers anew."""
        self._post("seed", seed=seed)

    def _get(self, path: str, **query: Any) -> Any:
        return self._call("GET", path, query=query)

    def _post(self, path: str, **data: Any) -> Any:
        return self._call("POST", path, data)

    def _call(
        self, verb: str, path: str, data: dict[str, Any] | None = None, query: dict[str, Any] | None = None
    ) -> Any:
        target = f"/_sim/{path}" + (f"?{urlencode(query)}" if query else "")
        body = None if data is None else json.dumps(data)
        answer = self._pool.request(verb, target, body=body, headers=JSON, timeout=CALL_SECONDS_MAX)
        found = json.loads(answer.data)
        if answer.status != 200:
            raise ControlError(found.get("error", str(answer.status)))
        return found

    def _end(self, *, kill: bool) -> None:
        self._pool.close()
        super()._end(kill=kill)
