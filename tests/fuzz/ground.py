"""What is fuzzed: the product's own WSGI app on rows of every kind, and the ids that its answers name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from io import StringIO
from random import Random
from typing import Any

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from engine.core import clock
from engine.core.actor import SYSTEM
from engine.providers import registry
from engine.providers.abilities import ApprovalAsked, ApprovalFound
from engine.rest import ids, keys
from ops.jobs import ask
from payments import refund, switches
from payments.models import Attempt
from tests.billing.world import World
from tests.ops.world import fill, subscribe
from tests.payments.scripted import Scripted

_ID = re.compile(rf"(?<![A-Za-z0-9_])({'|'.join(ids.PREFIXES.values())})_[0-9a-f]{{32}}(?![0-9a-f])")
_OF_PATH = {"method_id": "payment_method"}
# Words that a made-up text hardly hits: with them a body gets as far as the verb.
_GOOD = {
    "currency": ["USDC"], "zone": ["UTC", "Africa/Lagos"], "provider": ["scripted"], "interval_count": [1, 3],
    "price_minor": [1000], "expires_at": ["2099-01-31T09:30:00Z"], "creator": ["ada-wallet"],
}  # fmt: skip


class Friendly(Scripted):
    """Approves whatever it is asked to."""

    def ask_approval(
        self, *, payer: str, currency: str, add_minor: int, commitments_minor: int, options: Mapping[str, Any]
    ) -> ApprovalAsked:
        return ApprovalAsked("dW5zaWduZWQ=", {"payer": payer}, add_minor, 0, None, False)

    def find_approval(self, details: Mapping[str, Any], *, needed_minor: int) -> ApprovalFound:
        return ApprovalFound(True, True, "", "", 10**9, 10**9, details)


class Pool:
    """Ids that exist, by their prefix: those that any answer named, but for the caller's own key."""

    def __init__(self, own_key: str) -> None:
        self._own = own_key
        self._known: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def learn(self, text: str) -> None:
        """Remember the ids of an answer."""
        for found in _ID.finditer(text):
            if found[0] != self._own:
                self._known[found[1]][found[0]] = None

    def path(self, values: dict[str, Any], luck: Random) -> None:
        """Put an id that exists into most of the path's places."""
        for name in values:
            kind = _OF_PATH.get(name, name.removesuffix("_id"))
            if kind in ids.PREFIXES and luck.random() < 0.85:
                values[name] = self._pick(ids.PREFIXES[kind], values[name], luck)

    def swap(self, value: Any, luck: Random) -> Any:
        """`value` with most of its made-up ids replaced by ones that exist."""
        if isinstance(value, dict):
            return {name: self._word(name, inner, luck) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.swap(inner, luck) for inner in value]
        found = _ID.fullmatch(value) if isinstance(value, str) else None
        return self._pick(found[1], value, luck) if found and luck.random() < 0.85 else value

    def _word(self, name: str, value: Any, luck: Random) -> Any:
        good = _GOOD.get(name, [])
        if good and not _ID.fullmatch(str(value)) and luck.random() < 0.6:
            return luck.choice(good)
        return self.swap(value, luck)

    def _pick(self, prefix: str, value: Any, luck: Random) -> Any:
        known = list(self._known[prefix])
        return luck.choice(known) if known else value


class Ground:
    """The app, a key that may do all, and the pool of its ids."""

    def __init__(self, world: World) -> None:
        switches.seed()
        call_command("sync_schedule", stdout=StringIO())
        scripted = registry.get("scripted")
        assert isinstance(scripted, Scripted)
        payments = fill(world, scripted)
        given_back = refund.request(payments["paid"], amount_minor=100, reason="the fuzz", by=SYSTEM)
        later = clock.machine_now() + timedelta(days=1)
        for _ in range(12):
            subscribe(world)
        world.bill()
        ask.ask("maintenance", by=SYSTEM, reason="the fuzz")
        self.app = get_wsgi_application()
        made = keys.create("fuzz", ["admin:write"], by=SYSTEM)
        self.narrow = keys.create("narrow", ["keys:read"], by=SYSTEM, expires_at=later).secret
        self.secret = made.secret
        self.pool = Pool(ids.show("key", made.key.pk))
        # Few answers name these, and none of the lists that are asked first.
        self.pool.learn(ids.show("refund", given_back.pk))
        for attempt in Attempt.objects.values_list("pk", flat=True):
            self.pool.learn(ids.show("attempt", attempt))
