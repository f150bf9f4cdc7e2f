"""Faults by switch: what goes wrong, for which methods, for which share of calls."""

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

# kind -> what happens to a call that draws it
KINDS = {
    "lost": "executes, then closes the connection without an answer (when=before: does not execute)",
    "late": "sendTransaction answers at once and lands `slots` later, if its blockhash lives then",
    "drop": "sendTransaction answers at once and never lands",
    "http_429": "HTTP 429 with Retry-After: `retry_after`, not executed",
    "rpc_429": "HTTP 200 with Retry-After and JSON-RPC error `code`, without data, not executed",
    "http_5xx": "HTTP `status`; when=before does not execute, when=after does",
    "slow": "waits `delay_ms`, then executes and answers",
    "behind": "JSON-RPC error -32005, node behind by `slots`, not executed",
    "stale": "answers as a node `slots` behind would",
    "purged": "answers as a node that keeps the history of the newest `slots` alone",
}
SEND_ONLY = {"late", "drop"}
WHEN = {"before", "after"}
AFTER = {"lost", "http_5xx"}  # kinds that can come after the call was executed
DEFAULT_WHEN = {"lost": "after"}
ANY = "*"


# member -> the least and the greatest whole number that makes sense
RANGES = {
    "count": (1, 2**31),
    "slots": (0, 10**6),
    "delay_ms": (0, 10**6),
    "retry_after": (0, 10**6),
    "status": (400, 599),
    "code": (-(2**31), 2**31),
    "seed": (0, 2**63),
}


class FaultError(ValueError):
    """A switch that makes no sense; the text says why."""


@dataclass
class Fault:
    """One switch. ``share`` is 0..1 of matching calls, ``count`` how often at most (None: no limit)."""

    kind: str
    methods: list[str] = field(default_factory=lambda: [ANY])
    share: float = 1.0
    count: int | None = None
    view: str = ANY
    when: str = ""
    slots: int = 40
    delay_ms: int = 1000
    retry_after: int = 1
    status: int = 503
    code: int = 429
    seed: int = 0
    id: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultError(f"unknown fault kind {self.kind!r}; one of {', '.join(KINDS)}")
        self._check_methods()
        for name, (least, most) in RANGES.items():
            given = getattr(self, name)
            if not (name == "count" and given is None) and not (
                type(given) is int and least <= given <= most
            ):
                raise FaultError(f"{name} is a whole number from {least} to {most}, not {given!r}")
        if type(self.share) not in (int, float):
            raise FaultError(f"share is a number from 0 to 1, not {self.share!r}")
        self.when = self.when or DEFAULT_WHEN.get(self.kind, "before")
        if self.when not in WHEN or self.view not in {ANY, "main", "lag"} or not 0 <= self.share <= 1:
            raise FaultError("when is before or after, view is main, lag or *, share is from 0 to 1")
        if self.when == "after" and self.kind not in AFTER:
            raise FaultError(
                f"when=after belongs to {' and '.join(sorted(AFTER))}; {self.kind} executes nothing"
            )
        self._random = random.Random(self.seed)

    def draws(self, method: str, view: str) -> bool:
        """Whether this call is hit; counts it. Draws only on a match, so a seed repeats a run."""
        if ANY not in self.methods and method not in self.methods:
            return False
        if self.view not in (ANY, view) or (self.count is not None and self.fired >= self.count):
            return False
        if self._random.random() >= self.share:
            return False
        self.fired += 1
        return True

    def _check_methods(self) -> None:
        if isinstance(self.methods, str):
            self.methods = [self.methods]
        if not isinstance(self.methods, list) or not self.methods:
            raise FaultError("methods is a list of method names, or *")
        if self.kind in SEND_ONLY:
            if self.methods not in ([ANY], ["sendTransaction"]):
                raise FaultError(f"{self.kind} is a fault of sendTransaction alone")
            self.methods = ["sendTransaction"]


class Faults:
    """The switches of one server, asked in the order in which they were set."""

    def __init__(self, switches: Sequence[dict[str, Any]] = (), known: Collection[str] = ()) -> None:
        """`known` are the methods that a switch may name; any, where it is empty. Raises FaultError."""
        self._faults: list[Fault] = []
        self._next_id = 1
        self.calls: Counter[str] = Counter()
        """By method: what was asked, hit by a fault or not."""
        self._known = known
        if not isinstance(switches, list | tuple):
            raise FaultError("faults are a list of switches")
        for switch in switches:
            self.set(switch)

    def set(self, switch: dict[str, Any]) -> Fault:
        """Add a switch given as its fields; raises FaultError."""
        if not isinstance(switch, dict):
            raise FaultError(f"a switch is an object with a kind, not {switch!r}")
        unknown = switch.keys() - {each.name for each in fields(Fault)} | switch.keys() & {"id", "fired"}
        if unknown or "kind" not in switch:
            raise FaultError(f"unknown members {sorted(unknown)}" if unknown else "kind is missing")
        given = {name: value for name, value in switch.items() if value is not None}
        fault = Fault(**given)
        strange = [each for each in fault.methods if each != ANY and self._known and each not in self._known]
        if strange:
            raise FaultError(f"no such method: {', '.join(map(repr, strange))}")
        fault.id = self._next_id
        self._next_id += 1
        self._faults.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> int:
        """Remove one switch or all; how many went."""
        kept = [] if fault_id is None else [each for each in self._faults if each.id != fault_id]
        removed = len(self._faults) - len(kept)
        self._faults = kept
        return removed

    def listed(self) -> list[dict[str, Any]]:
        """The switches with how often each has fired."""
        return [asdict(each) for each in self._faults]

    def draw(self, method: str, view: str) -> list[Fault]:
        """Faults that hit this call: any number of slow ones and at most one other. Counts the call."""
        self.calls[method] += 1
        hit = [each for each in self._faults if each.kind == "slow" and each.draws(method, view)]
        for each in self._faults:
            if each.kind != "slow" and each.draws(method, view):
                return [*hit, each]
        return hit
