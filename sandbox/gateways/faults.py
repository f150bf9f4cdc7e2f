"""Faults by rule: which requests (or callbacks) go wrong, how, how often and for how long."""

import random
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sandbox.gateways.clock import Clock
from sandbox.gateways.store import Table

# kind -> what happens to a request that draws it. Numbers: the families of the gateways' paper, section 9.
BEFORE = {
    "timeout_before": "1: nothing is done; no answer for `seconds`, then the connection closes",
    "500_before": "4: HTTP `status` from a proxy; nothing is done and no key is kept",
    "429": "5: refused before any work; Retry-After of `retry_after` seconds unless that is 0",
    "auth_revoked": "11: credentials are refused",
    "token_expired": "11: the access tokens given so far are refused (mounts that give tokens)",
    "duplicate_key_conflict": "12: refused because the same key is said to be at work",
    "html_502": "7: a page of a proxy, nothing is done (when=after: it was done)",
    "outage": "an outage of hours: `style` reset, 503 or hang; callbacks wait for its end",
}
DURING = {
    "slow": "6: waits `delay_ms`, then works and answers",
    "lookup_404_for": "10: a lookup does not see what is younger than `seconds` of virtual time",
    "stale_lookup": "10: a lookup sees all as it was `seconds` of virtual time ago",
    "balance_drained": "15: the balance that payouts come from is taken before this request is worked",
    "late_reversal": "13: what succeeds here is taken back `days` later",
    "paid_then_failed": "13: a payout that is paid fails `days` later",
    "bulk_partial": "14: a `share_of_items` of a bulk fails, by item",
}
AFTER = {
    "timeout_after_success": "2: done; then no answer for `seconds` and the connection closes",
    "reset_after_success": "3: done; then the connection is reset",
    "500_after_success": "4: done; HTTP `status`, which an idempotency key keeps unless stored is false",
    "drip": "6: done; the answer comes byte by byte, `delay_ms` apart",
    "malformed_json": "7: done; the answer is no JSON",
    "truncated": "7: done; the answer breaks off in the middle",
    "unknown_status": "8: done; the status is the word `text`, which no paper names",
    "wrong_amount": "9: the amount shown is `amount` more than it is",
    "wrong_currency": "9: the currency shown is `text`",
    "bulk_missing": "14: an item of the answer is missing",
    "bulk_shuffled": "14: the items come in another order",
}
HOOKS = {
    "hook_drop": "never sent",
    "hook_duplicate": "sent `times` more; `fresh`: each as an event of its own",
    "hook_delay": "sent `seconds` of virtual time later",
    "hook_reorder": "sent after the callback that follows it, or alone after `seconds` of virtual time",
    "hook_before_answer": "sent, and its answer awaited, before the request that caused it is answered",
    "hook_wrong_signature": "signed with what is not the secret",
    "hook_old_timestamp": "signed for a moment `seconds` ago",
    "hook_replay": "sent, and the very same bytes and headers again `seconds` of virtual time later",
    "hook_reserialised": "signed, then put into other bytes of the same meaning",
    "hook_storm": "sent `times` more at once, the very same",
    "hook_unknown_object": "a second one about an object that nobody asked for",
    "hook_other_mode": "a second one from the other mode",
}
MEANING = ("unknown_status", "wrong_amount", "wrong_currency", "bulk_missing", "bulk_shuffled")
KINDS = {**BEFORE, **DURING, **AFTER, **HOOKS}
DEFAULT_SECONDS = {
    "timeout_before": 120, "timeout_after_success": 120, "lookup_404_for": 60, "stale_lookup": 60,
    "hook_delay": 600, "hook_old_timestamp": 600, "hook_replay": 2 * 86_400, "hook_reorder": 60, "outage": 120,
}  # fmt: skip
STYLES = ("reset", "503", "hang")


class FaultError(ValueError):
    """A rule that makes no sense; the text says why."""


@dataclass
class Rule:
    """One rule. It hits a request that matches all that is given, ``share`` (0..1) of the time."""

    kind: str
    provider: str = ""
    """A mount's name; empty: any."""
    route: str = ""
    """Regex searched in ``VERB /path/{as}/registered``, or in a callback's type; empty: any."""
    reference: str = ""
    """Regex searched in the words of the request (our reference, key, id); empty: any."""
    nth: int = 0
    """Only this matching request, counted from 1; 0: any."""
    share: float = 1.0
    count: int | None = None
    """How often at most."""
    period: float | None = None
    """Seconds of virtual time from when it was set; None: no end."""
    seconds: float = 0
    days: float = 3
    delay_ms: int = 1000
    status: int = 500
    retry_after: float = 1
    amount: int = 100
    text: str = ""
    style: str = "reset"
    times: int = 1
    fresh: bool = False
    stored: bool = True
    when: str = "before"
    share_of_items: float = 0.5
    seed: int = 0
    id: int = 0
    fired: int = 0
    seen: int = 0
    since: float = 0
    _random: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultError(f"unknown fault kind {self.kind!r}; one of {', '.join(KINDS)}")
        if not 0 <= self.share <= 1 or not 0 <= self.share_of_items <= 1:
            raise FaultError("a share is a number from 0 to 1")
        if self.style not in STYLES or self.when not in ("before", "after"):
            raise FaultError(f"style is one of {', '.join(STYLES)}; when is before or after")
        for name in ("route", "reference"):
            try:
                re.compile(getattr(self, name))
            except re.error as error:
                raise FaultError(f"{name} is no regular expression: {error}") from None
        self.seconds = self.seconds or DEFAULT_SECONDS.get(self.kind, 0)
        self._random = random.Random(f"{self.seed}:{self.id}:{self.seen}")

    def ends(self) -> float | None:
        """When its period is over, in virtual time."""
        return None if self.period is None else self.since + self.period

    def hits(self, provider: str, route: str, references: Sequence[str], now: float) -> bool:
        """Whether it hits; counts what it saw. Dice are thrown on a match alone, so a seed repeats a run."""
        ends = self.ends()
        if self.provider not in ("", provider) or (ends is not None and now >= ends):
            return False
        if self.count is not None and self.fired >= self.count:
            return False
        if not re.search(self.route, route):
            return False
        if self.reference and not any(re.search(self.reference, word) for word in references):
            return False
        self.seen += 1
        if (self.nth and self.seen != self.nth) or self._random.random() >= self.share:
            return False
        self.fired += 1
        return True


MEMBERS = {each.name for each in fields(Rule)} - {"_random"}
COUNTED = {"id", "fired", "seen", "since"}


def to_row(rule: Rule) -> dict[str, Any]:
    """A rule as JSON."""
    row = asdict(rule)
    del row["_random"]
    return row


def from_switch(switch: Any, known: Sequence[str], number: int, now: float) -> Rule:
    """A rule as it was asked for, with its id and the moment it is set; raises FaultError."""
    if not isinstance(switch, dict):
        raise FaultError(f"a rule is an object with a kind, not {switch!r}")
    unknown = switch.keys() - MEMBERS | switch.keys() & COUNTED
    if unknown or "kind" not in switch:
        raise FaultError(f"unknown members {sorted(unknown)}" if unknown else "kind is missing")
    try:
        given = {name: value for name, value in switch.items() if value is not None}
        rule = Rule(**given, id=number, since=now)
    except TypeError as error:
        raise FaultError(f"a member has the wrong type: {error}") from None
    if rule.provider and rule.provider not in known:
        raise FaultError(f"no such provider: {rule.provider!r}; one of {', '.join(known)}")
    return rule


class Rules:
    """The rules of one simulator, asked in the order in which they were set."""

    def __init__(self, clock: Clock, table: Table, known: Sequence[str]) -> None:
        self._clock, self._table, self._known = clock, table, known
        self._rules = [Rule(**row) for _, row in table.items()]
        self._next_id = max((rule.id for rule in self._rules), default=0) + 1

    def set(self, switch: Any) -> Rule:
        """Add a rule given as its members; raises FaultError."""
        rule = from_switch(switch, self._known, self._next_id, self._clock.now())
        self._next_id += 1
        self._rules.append(rule)
        self._table.put(str(rule.id), to_row(rule))
        return rule

    def clear(self, number: int | None = None) -> int:
        """Remove one rule or all; how many went."""
        gone = [rule for rule in self._rules if number in (None, rule.id)]
        self._rules = [rule for rule in self._rules if rule not in gone]
        for rule in gone:
            self._table.drop(str(rule.id))
        return len(gone)

    def listed(self) -> list[dict[str, Any]]:
        """The rules with how often each fired."""
        return [to_row(rule) for rule in self._rules]

    def draw(self, provider: str, route: str, words: Sequence[str], *, hook: bool = False) -> list[Rule]:
        """The rules that hit a request (or a callback of type ``route``).

        Of those that decide what is answered the first one set wins; any number of DURING ones joins it.
        """
        drawn: list[Rule] = []
        now = self._clock.now()
        for rule in self._rules:
            if (rule.kind in HOOKS) is not hook:
                continue
            taken = not hook and rule.kind not in DURING and any(each.kind not in DURING for each in drawn)
            if not taken and rule.hits(provider, route, words, now):
                drawn.append(rule)
                self._table.put(str(rule.id), to_row(rule))
        return drawn

    def outage_ends(self, provider: str) -> float | None:
        """When the last outage of this provider that has an end is over; None where none is on."""
        now = self._clock.now()
        ends = [
            rule.ends() or now + 60
            for rule in self._rules
            if rule.kind == "outage" and not rule.route and rule.provider in ("", provider)
        ]
        return max((end for end in ends if end > now), default=None)
