"""Access tokens by client credentials: had on demand by the edge, once for all workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from engine.providers.edge import tokens
from engine.providers.edge.faults import NoAnswer, NotSent
from engine.providers.edge.http import Call, exchange
from engine.providers.edge.tokens import Fetched, Source, Token
from engine.providers.flutterwave.account import NAME, Account

_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Bearer:
    """One token as it stood when a call left."""

    source: Source
    token: Token

    @property
    def header(self) -> str:
        """The Authorization header."""
        return f"Bearer {self.token.text}"

    def refused(self) -> None:
        """The lane's driver has another one before its next batch, once for all workers."""
        tokens.reject(self.source, self.token)


@dataclass(frozen=True, slots=True)
class Tokens:
    """`flutterwave.client.Credentials` of v4."""

    source: Source = field(repr=False)

    def renew(self) -> None:
        """See that a token is at hand. Reads the database; commits and calls out where it ends. Raises NotSent."""
        tokens.held(self.source)

    def at_hand(self) -> Bearer:
        """The token in memory. No calls, no database. Raises NotSent."""
        return Bearer(self.source, tokens.at_hand(self.source))


def source_of(account: Account) -> Source:
    """Where this account's tokens come from."""
    name = tokens.name_of(NAME, account.token_url, account.client_id, account.secret)
    return Source(name, lambda: _fetch(account), fetch_seconds=_SECONDS)


def _fetch(account: Account) -> Fetched:
    """Ask once. Raises Fault; KeyError, TypeError or ValueError for an answer that is no token."""
    form = {
        "client_id": account.client_id,
        "client_secret": account.secret,
        "grant_type": "client_credentials",
    }
    answer = exchange(
        Call(
            provider=NAME,
            operation="token",
            method="POST",
            url=account.token_url,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
            deadline=_SECONDS,
            read_seconds=_SECONDS,
            may_move_money=False,
            limit=None,  # one call in ten minutes, by one worker for all (edge/tokens.py), to a host of its own
        )
    )
    if answer.status in (400, 401, 403):
        text = "FLUTTERWAVE_CLIENT_ID and FLUTTERWAVE_CLIENT_SECRET were refused"
        raise NotSent("credentials_refused", f"{text} (HTTP {answer.status})")
    if answer.status != 200:
        raise NoAnswer("no_token", f"the token endpoint answered HTTP {answer.status}")
    said = answer.json()
    return Fetched(said["access_token"], float(said["expires_in"]))
