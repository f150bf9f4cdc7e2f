"""Everything there is in one simulator: the gateways and what they share."""

import functools
import random
from collections.abc import Sequence
from typing import Any

from sandbox.gateways.books import Books
from sandbox.gateways.clock import Clock, Timers
from sandbox.gateways.faults import Rules
from sandbox.gateways.hooks import Hooks
from sandbox.gateways.journal import Journal
from sandbox.gateways.keys import Keys
from sandbox.gateways.mount import Mount
from sandbox.gateways.store import Store, Table

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class World:
    """What a handler finds at ``request.world``."""

    def __init__(self, mounts: Sequence[Mount], store: Store, seed: int = 0, base: str = "") -> None:
        self.mounts = list(mounts)
        self.store = store
        self.base = base
        """Where the simulator is reached, for links made by timers; requests know their own."""
        self._core = store.table("core")
        self._settings, self._outcomes = store.table("settings"), store.table("outcomes")
        self.clock = Clock(self._core)
        self.timers = Timers(self.clock, store.table("timers"))
        self.books = Books(self.clock, store.table("movements"))
        self.rules = Rules(self.clock, store.table("rules"), [mount.name for mount in mounts])
        self.keys = Keys(self.clock, store.table("keys"))
        self.journal = Journal(self.clock, store.table("requests"))
        self.hooks = Hooks(self, store.table("hooks"))
        self.random = self._dice(seed)
        for mount in mounts:
            for name, action in mount.actions.items():
                self.timers.register(mount.name, name, functools.partial(action, self))

    def mount(self, name: str) -> Mount:
        """The mount of this name; LookupError without one."""
        for mount in self.mounts:
            if mount.name == name:
                return mount
        raise LookupError(
            f"no such provider: {name!r}; one of {', '.join(each.name for each in self.mounts)}"
        )

    def objects(self, name: str) -> Table:
        """A table of what a gateway shows; a lookup under a fault may see an earlier state of it."""
        return self.store.table(f"objects.{name}")

    def settings(self, provider: str) -> dict[str, Any]:
        """A gateway's defaults with what was changed."""
        return {**self.mount(provider).defaults, **(self._settings.get(provider) or {})}

    def configure(self, provider: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Change settings, for good; all of them. Raises LookupError for one that the gateway has not."""
        unknown = changes.keys() - self.mount(provider).defaults.keys()
        if unknown:
            raise LookupError(f"{provider} has no settings {sorted(unknown)}")
        self._settings.put(provider, {**(self._settings.get(provider) or {}), **changes})
        return self.settings(provider)

    def fresh(self, prefix: str, length: int = 24) -> str:
        """A new id, by the seed."""
        return prefix + "".join(self.random.choices(LETTERS, k=length))

    def fix_outcome(self, provider: str, word: str, outcome: dict[str, Any] | None) -> None:
        """Decide what becomes of requests with this word; None undoes it. ``times``: how often it holds."""
        key = f"{self.mount(provider).name}|{word}"
        if outcome is None:
            self._outcomes.drop(key)
        else:
            self._outcomes.put(key, outcome)

    def outcome(self, provider: str, *words: str) -> dict[str, Any] | None:
        """What was decided for the first of these words that has a decision; uses one of its ``times``."""
        for key in (f"{provider}|{word}" for word in words if word):
            found = self._outcomes.get(key)
            if found is None:
                continue
            if "times" in found:
                left = {**found, "times": found["times"] - 1}
                self._outcomes.put(key, left) if left["times"] > 0 else self._outcomes.drop(key)
            return found
        return None

    def outcomes(self) -> dict[str, dict[str, Any]]:
        """All decisions, by ``provider|word``."""
        return dict(self._outcomes.items())

    def reseed(self, seed: int) -> None:
        """Begin the random numbers anew."""
        self._core.put("seed", {"seed": seed, "starts": 0})
        self.random = self._dice(seed)

    def _dice(self, seed: int) -> random.Random:
        """By the seed and the number of starts: a restart must not give the same ids again."""
        kept = self._core.get("seed") or {"seed": seed, "starts": 0}
        kept = {"seed": kept["seed"], "starts": kept["starts"] + 1}
        self._core.put("seed", kept)
        return random.Random(f"{kept['seed']}:{kept['starts']}")
