"""The library's way out: its requests leave through our edge, once, within our deadline.

By itself it would retry, wait 80 s and write a file into the home directory; none of that happens here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import stripe
from django.conf import settings

from engine.providers.edge.http import Answer, Call, exchange
from engine.providers.stripe.account import NAME, Account

stripe.enable_telemetry = False

# What the API reads. The library would add what it knows of this machine.
_SENT = {"authorization", "content-type", "idempotency-key", "stripe-account", "stripe-version"}


@dataclass(slots=True)
class Asking:
    """What one call of the library is for, and what was answered. `operation` names the breaker."""

    operation: str
    moves: bool
    answer: Answer | None = None


class EdgeClient(stripe.HTTPClient):
    """Used by many threads at once: what a call is for is each thread's own."""

    name = "clearbeat"

    def __init__(self, account: Account) -> None:
        super().__init__()
        self._account = account
        self._local = threading.local()

    @contextmanager
    def asking(self, operation: str, *, moves: bool) -> Iterator[Asking]:
        """The calls that this thread makes inside are for `operation`; the last answer is left in what is given."""
        self._local.asking = found = Asking(operation, moves)
        try:
            yield found
        finally:
            del self._local.asking

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send once. Calls out; raises the edge's faults, which the library lets pass.

        The library is given an empty object whatever was answered: we read the answer ourselves, and strictly.
        """
        asking: Asking = self._local.asking
        seconds = float(settings.ENV.send_deadline_seconds)
        asking.answer = exchange(
            Call(
                provider=NAME,
                operation=asking.operation,
                method=method.upper(),
                url=url,
                headers={name: text for name, text in (headers or {}).items() if name.lower() in _SENT},
                body=(post_data or "").encode(),
                deadline=seconds,
                read_seconds=seconds,
                may_move_money=asking.moves,
                limit=self._account.limit,
            )
        )
        return "{}", 200, {}
