"""Callbacks: rows with their bytes, tries and faults. ``courier.py`` carries them."""

from __future__ import annotations

import itertools
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from sandbox.gateways.faults import Rule
from sandbox.gateways.store import Table

if TYPE_CHECKING:
    from sandbox.gateways.world import World

CORE = "_core"
OPEN = ("ready", "sending")


class Hooks:
    """The callbacks of all gateways.

    A row's state: ``held`` (by switch), ``waiting`` (for its moment), ``behind`` (another one), ``ready`` (for
    the courier), ``sending``, ``delivered``, ``failed`` (all tries used up), ``dropped``, ``nowhere`` (no address).
    """

    def __init__(self, world: World, table: Table) -> None:
        self._world, self._table = world, table
        self._number = max((int(key) for key in table.names()), default=0)
        self._switches = world.store.table("switches")
        self.held = set((self._switches.get("held") or {"providers": []})["providers"])
        """Providers whose callbacks are held back; "" holds all."""
        self.ready = deque(key for key, row in table.items() if row["state"] in OPEN)
        self.first: list[str] = []
        """Those that must arrive before the request at work is answered."""
        self._behind = [key for key, row in table.items() if row["state"] == "behind"]
        world.timers.register(CORE, "hook", self._due)

    def send(
        self, provider: str, kind: str, payload: dict[str, Any], *, reference: str = "", event_id: str = ""
    ) -> None:
        """Tell the product of an event, or do what the rules make of it."""
        words = [word for word in (reference, event_id) if word]
        rules = {rule.kind: rule for rule in self._world.rules.draw(provider, kind, words, hook=True)}
        members = {"type": kind, "reference": reference, "event_id": event_id, "faults": sorted(rules)}
        row = self._make(provider, payload, members, rules)
        if row["state"] != "nowhere":
            self._start(row, rules)
            self._copies(provider, payload, members, rules, row)

    def listed(self, **equal: Any) -> list[dict[str, Any]]:
        """Callbacks whose members equal what is given, the oldest first."""
        return self._table.rows(**equal)

    def hold(self, provider: str = "") -> None:
        """From now on keep callbacks of a provider (or of all) back."""
        self._hold(self.held | {provider})

    def release(self, provider: str = "", ids: list[str] | None = None) -> int:
        """End ``hold`` and send what was held, or only ``ids`` and in that order; how many go out.

        With ids the hold stays, and each waits until the one before it was answered.
        """
        if ids is not None:
            rows = [row for row in map(self._table.get, ids) if row]
            for row, following in itertools.pairwise(rows):
                row["then"] = [following["id"]]
                self._move(following, "behind")
            if rows:
                self._ready(rows[0])
            return len(rows)
        self._hold(self.held - {provider, ""} if provider else set())
        held = [row for row in self._table.rows(state="held") if provider in ("", row["provider"])]
        for row in held:
            self._ready(row)
        return len(held)

    def resend(self, ids: list[str]) -> int:
        """Send again, signed anew, whatever became of it; how many."""
        rows = [row for row in map(self._table.get, ids) if row and row["state"] != "nowhere"]
        for row in rows:
            self._ready(row)
        return len(rows)

    def take(self) -> dict[str, Any] | None:
        """The next one to carry, with ``headers`` to send; None if there is none now."""
        while self.ready:
            row = self._table.get(self.ready.popleft())
            if row is None or row["state"] not in OPEN:
                continue
            ends = self._world.rules.outage_ends(row["provider"])
            if ends is not None:
                self._later(row, ends - self._world.clock.now())
                continue
            row["headers"] = row["kept_headers"] or self._headers(row)
            row["tries"] += 1
            self._move(row, "sending")
            return row
        return None

    def answered(self, key: str, status: int) -> None:
        """What the product said to a try; 0: nothing. A refused one is tried again after its gap."""
        row = self._table.get(key)
        if row is None:
            return
        row["answers"].append({"at": self._world.clock.now(), "status": status})
        mount = self._world.mount(row["provider"])
        if mount.hook_taken(status):
            self._move(row, "delivered")
        elif row["tries"] <= len(mount.retry_seconds):
            self._later(row, mount.retry_seconds[row["tries"] - 1])
        else:
            self._move(row, "failed")
        for following in row["then"]:
            self._due({"id": following})

    def _make(
        self, provider: str, payload: dict[str, Any], members: dict[str, Any], rules: dict[str, Rule]
    ) -> dict[str, Any]:
        self._number += 1
        mount = self._world.mount(provider)
        body, kind = mount.render(self._world, payload)
        url = mount.hook_path(self._world, payload)
        row = {
            **members, "id": str(self._number), "provider": provider, "made_at": self._world.clock.now(),
            "url": url, "body": body.decode(), "content_type": kind, "kept_headers": None, "age": 0.0,
            "spoiled": "hook_wrong_signature" in rules, "reserialised": "hook_reserialised" in rules,
            "tries": 0, "answers": [], "state": "ready" if url else "nowhere",
            "then": [],
        }  # fmt: skip
        if old := rules.get("hook_old_timestamp"):
            row["age"] = old.seconds
        self._table.put(row["id"], row)
        return row

    def _start(self, row: dict[str, Any], rules: dict[str, Rule]) -> None:
        if "hook_drop" in rules:
            self._move(row, "dropped")
        elif self.held & {"", row["provider"]}:
            self._move(row, "held")
        elif late := rules.get("hook_delay"):
            self._later(row, late.seconds)
        elif reorder := rules.get("hook_reorder"):
            self._move(row, "behind")
            self._behind.append(row["id"])
            self._world.timers.after(reorder.seconds, CORE, "hook", id=row["id"])
        else:
            row["then"] = self._overtaken(row["provider"])
            self._ready(row)
            if "hook_before_answer" in rules:
                self.first.append(row["id"])

    def _copies(
        self,
        provider: str,
        payload: dict[str, Any],
        members: dict[str, Any],
        rules: dict[str, Rule],
        row: dict[str, Any],
    ) -> None:
        world, mount = self._world, self._world.mount(provider)
        more: list[dict[str, Any]] = []
        for rule in filter(None, (rules.get("hook_duplicate"), rules.get("hook_storm"))):
            more += [mount.renamed(payload, world) if rule.fresh else payload for _ in range(rule.times)]
        if "hook_unknown_object" in rules:
            more.append(mount.of_unknown(payload, world))
        if "hook_other_mode" in rules:
            more.append(mount.of_other_mode(payload, world))
        for each in more:
            self._ready(self._make(provider, each, members, {}))
        if replay := rules.get("hook_replay"):
            again = self._make(provider, payload, members, {})
            again["kept_headers"] = self._headers(row)
            self._later(again, replay.seconds)

    def _hold(self, providers: set[str]) -> None:
        self.held = providers
        self._switches.put("held", {"providers": sorted(providers)})

    def _overtaken(self, provider: str) -> list[str]:
        rows = [row for row in map(self._table.get, self._behind) if row and row["state"] == "behind"]
        found = [row["id"] for row in rows if row["provider"] == provider]
        self._behind = [row["id"] for row in rows if row["provider"] != provider]
        return found

    def _headers(self, row: dict[str, Any]) -> dict[str, str]:
        """Of one try. What was reserialised is signed as it was before."""
        mount = self._world.mount(row["provider"])
        headers = mount.sign(self._world, row["body"].encode(), time.time() - row["age"])
        return mount.missign(headers, self._world.random) if row["spoiled"] else headers

    def bytes_of(self, row: dict[str, Any]) -> bytes:
        """The body that a try carries."""
        body: bytes = row["body"].encode()
        return self._world.mount(row["provider"]).reserialised(body) if row["reserialised"] else body

    def _due(self, members: dict[str, Any]) -> None:
        row = self._table.get(members["id"])
        if row and row["state"] in ("waiting", "behind"):
            self._ready(row)

    def _later(self, row: dict[str, Any], seconds: float) -> None:
        self._move(row, "waiting")
        self._world.timers.after(seconds, CORE, "hook", id=row["id"])

    def _ready(self, row: dict[str, Any]) -> None:
        self._move(row, "ready")
        self.ready.append(row["id"])

    def _move(self, row: dict[str, Any], state: str) -> None:
        row["state"] = state
        self._table.put(row["id"], row)
