"""What differs between the versions, as one small interface: what is sent, what is asked, and what is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from engine.providers.abilities import Hint, Payer, SetupAsked, SetupFound
from engine.providers.base import Asked, Finding, Payable, Sendable, Sheet
from engine.providers.edge.tokens import Source
from engine.providers.flutterwave.client import Client

Sent: TypeAlias = Sendable | Asked
Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What a payment becomes on the wire: a POST of `body` (numbers as Decimal) to `path`."""

    path: str
    body: Row


@dataclass(frozen=True, slots=True)
class Question:
    """A GET that tells of one attempt."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)


class Operation(Protocol):
    """A charge, a refund or a payout in one version: a module."""

    def request(self, payable: Payable, identity: str) -> Request:
        """Pure. Raises Refusal for instructions that can't be sent."""

    def by_id(self, provider_ref: str) -> Question:
        """Where its object is, once evidence has named its id."""

    def by_identity(self, sent: Asked) -> Question:
        """Where it may be found before."""

    def is_mine(self, row: Row, sent: Sent) -> bool:
        """Whether an object is this attempt's."""

    def read(self, row: Row, sent: Sent, *, looked: bool) -> Finding:
        """What its object says. `looked`: it was asked for; else it is the reply to a send. Pure."""


class Dialect(Protocol):
    """One version of the API: a class of it is built once per process."""

    version: str
    sheet: Sheet
    client: Client
    operations: Mapping[str, Operation]
    balances: str  # the path that tells what the wallets hold
    variables: str  # of the environment, that hold its credentials
    webhook_header: str
    token_source: Source | None

    def headers(self, identity: str, send_no: int) -> Mapping[str, str]:
        """What a POST carries beside its body."""

    def refusal(self, body: Any, status: int, sent: Sent) -> Finding:
        """What an answer of 4xx says: the provider's own envelope, or nothing that can be relied on."""

    def not_there(self, body: Any, status: int) -> bool:
        """Whether an answer of 4xx to a GET says that there is no such object."""

    def genuine(self, secret: str, body: bytes, signature: bytes) -> bool:
        """Whether a callback's header shows that whoever sent it knows `secret`. Constant time."""

    def hint(self, event: Row) -> Hint:
        """What a callback is about."""

    def ask_setup(
        self, payer: Payer, currency: str, *, return_url: str, reference: str, options: Row
    ) -> SetupAsked:
        """As abilities.SettingUp."""

    def find_setup(self, details: Row) -> SetupFound:
        """As abilities.SettingUp."""
