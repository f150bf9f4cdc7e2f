"""How hard it blows on a gateway: the faults of its calls, of what they do and of its callbacks, each by its name.

The families are those that the simulator lists (sandbox/gateways/faults.py), where charges and refunds meet them:
`paid_then_failed` and those of bulks are of payouts alone.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.gateways.control import Gateways
from sandbox.rails.rail import Rail

Kinds = Mapping[str, Mapping[str, Any]]

HANGS = 1.0
"""Seconds of silence before a connection closes: longer than the deadline of a call in this storm (rails.py)."""
CALLS: Kinds = {
    "timeout_before": {"seconds": HANGS},
    "timeout_after_success": {"seconds": HANGS},
    "reset_after_success": {},
    "500_before": {},
    "500_after_success": {},
    # Each stops all calls of its rail for so long, and without Retry-After for a second: more of them, and little
    # else would be tried.
    "429": {"retry_after": 0.05, "part": 0.5},
    "429 without Retry-After": {"kind": "429", "retry_after": 0, "part": 0.5, "count": 20},
    "drip": {"delay_ms": 10},
    "malformed_json": {},
    "truncated": {},
    "html_502": {"part": 0.5},
    "html_502 after": {"kind": "html_502", "when": "after", "part": 0.5},
    "unknown_status": {},
    # Not of disputes: what their only source says of one is booked as it says it (payments/dispute.py).
    "wrong_amount": {"amount": 100, "route": "^(?!.*dispute)"},
    "wrong_currency": {"route": "^(?!.*dispute)"},
    "auth_revoked": {},
    "duplicate_key_conflict": {},
}
"""At most one of these a call, each as likely as the next; `part`: what one of two ways of the same fault has of it."""
# Each refuses all calls of the next half a minute: a new token that is refused as well says that the credentials are
# wrong, and is asked for again only then.
TOKENS: Kinds = {"token_expired": {"count": 4}}
BESIDES: Kinds = {
    "slow": {"delay_ms": 100},
    "lookup_404_for": {"seconds": 60},
    "stale_lookup": {"seconds": 60},
}
DISPUTED = "late_reversal"
OF_ONE: Mapping[str, Kinds] = {
    "stripe": {DISPUTED: {"route": "POST .*payment_intents", "days": 0.005}},
    "paystack": {
        DISPUTED: {"route": "charge_authorization", "days": 0.005},
        "balance_drained": {"route": "POST /refund"},
    },
    "flutterwave-v4": {"balance_drained": {"route": "POST /refunds"}},
    "flutterwave-v3": {"balance_drained": {"route": "POST .*/refund"}},
}
"""What befalls some alone: a payer goes to their bank, and refunds come out of a balance that is empty by then."""
HOOKS: Kinds = {
    "hook_drop": {},
    "hook_duplicate": {},
    "hook_duplicate fresh": {"kind": "hook_duplicate", "fresh": True},
    "hook_delay": {"seconds": 300},
    "hook_reorder": {},
    "hook_before_answer": {},
    "hook_wrong_signature": {},
    "hook_old_timestamp": {},
    "hook_replay": {"seconds": 600},
    "hook_reserialised": {},
    "hook_storm": {"times": 5},
    "hook_unknown_object": {},
    "hook_other_mode": {},
}
OUTAGE = "outage"
OUTAGE_SECONDS = 800.0
"""Of the simulator's clock. Of ours it is ten: hours, where an outcome is parked after two minutes instead of days."""
STYLES = ("reset", "503", "hang")
SURE = 12
"""Hits to be expected before none at all is no chance any more (e^-12)."""


@dataclass(frozen=True)
class RailWeather:
    """`share` of calls (and of callbacks) that each kind of fault hits."""

    payments: int = 1000
    share: float = 0.05
    seed: int = 1


@dataclass(frozen=True)
class Blown:
    """What one kind of fault did: how often it could have hit, and did."""

    seen: int
    fired: int


class Storm:
    """The faults of one rail, set and counted by their names here."""

    def __init__(self, gateways: Gateways, name: str, rail: Rail, weather: RailWeather) -> None:
        self._gateways, self._rail, self._name, self._share = gateways, rail, name, weather.share
        self._dice = random.Random(weather.seed)
        self._names: dict[int, str] = {}
        self._before: dict[str, Blown] = {}
        self._brew()

    def black_out(self) -> None:
        """Nobody answers for hours, in one of the ways not to; afterwards it blows as before."""
        self._before, style = self.tally(), self._dice.choice(STYLES)
        self._gateways.clear_faults()
        self._names = {}
        # Of the faults that decide an answer the first one set wins.
        self._set(OUTAGE, {"period": OUTAGE_SECONDS, "style": style, "seconds": HANGS}, 1.0)
        self._brew()

    def tally(self) -> dict[str, Blown]:
        """Of each kind, since it began to blow."""
        rows = {row["id"]: row for row in self._gateways.faults()}
        found = dict(self._before)
        for number, name in self._names.items():
            old = found.get(name, Blown(0, 0))
            found[name] = Blown(old.seen + rows[number]["seen"], old.fired + rows[number]["fired"])
        return found

    def _brew(self) -> None:
        """Of the kinds of which one call gets one, the later are drawn from what the earlier left."""
        calls = {**CALLS, **(TOKENS if len(self._rail.speakers) > 1 else {})}
        taken = 0.0
        for kind in self._dice.sample(sorted(calls), len(calls)):
            own = dict(calls[kind])
            share = self._share * own.pop("part", 1)
            self._set(kind, own, share / (1 - taken))
            taken += share
        for kinds in (BESIDES, OF_ONE.get(self._name, {}), HOOKS):
            for kind, members in kinds.items():
                self._set(kind, members, self._share)

    def _set(self, name: str, members: Mapping[str, Any], share: float) -> None:
        given = {"kind": name, **members, "provider": self._rail.speakers[0], "share": share}
        self._names[self._gateways.fault(**given, seed=self._dice.getrandbits(31))] = name


def spared(tally: Mapping[str, Blown], weather: RailWeather) -> list[str]:
    """Kinds of faults that should have hit by now, and did not."""
    return [name for name, blown in tally.items() if not blown.fired and blown.seen * weather.share >= SURE]
