"""How Flutterwave is asked: one call, with the credentials that are at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from engine.providers.edge.http import Answer, Call, exchange
from engine.providers.edge.redact import redact
from engine.providers.flutterwave.account import NAME, Account


class Grant(Protocol):
    """One Authorization header, as it stood when a call left."""

    @property
    def header(self) -> str:
        """What stands in it."""

    def refused(self) -> None:
        """The provider answered 401 to it. No calls, no database."""


class Credentials(Protocol):
    """What opens the API: a key that stays, or tokens that end."""

    def renew(self) -> None:
        """See that there are good ones. Reads the database, calls out and commits where they end; for a lane's
        driver, outside any transaction. Raises Fault."""

    def at_hand(self) -> Grant:
        """Those that are there. No calls, no database: for threads that only speak HTTP. Raises NotSent."""


@dataclass(frozen=True, slots=True)
class Client:
    """Calls of one account. Each raises Fault; a status of any kind but 429 is an Answer."""

    account: Account
    credentials: Credentials

    def post(self, operation: str, path: str, body: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Send JSON that may move money, within the long deadline."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        spans = self.account.deadline, self.account.read_seconds
        return self._ask(operation, "POST", path, body.encode(), sent, spans)

    def get(self, path: str, query: Mapping[str, str] | None = None, *, operation: str = "lookup") -> Answer:
        """Ask; nothing moves by it."""
        spans = self.account.look_deadline, self.account.look_deadline
        return self._ask(operation, "GET", path + (f"?{urlencode(query)}" if query else ""), b"", {}, spans)

    def said(self, text: object) -> str:
        """A text of theirs as it may be shown: one line without our secrets."""
        return redact(str(text), self.account.secrets)

    def _ask(
        self,
        operation: str,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        spans: tuple[float, float],
    ) -> Answer:
        grant = self.credentials.at_hand()
        answer = exchange(
            Call(
                provider=NAME,
                operation=operation,
                method=method,
                url=self.account.url + path,
                headers={"Authorization": grant.header, **headers},
                body=body,
                deadline=spans[0],
                read_seconds=spans[1],
                may_move_money=method == "POST",
                limit=self.account.limit,
            )
        )
        if answer.status == 401:
            grant.refused()
        return answer
