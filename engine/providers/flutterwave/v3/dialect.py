"""Version 3 as a dialect: a key that stays, references for want of idempotency keys, callbacks that prove little."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.providers.abilities import Hint, Payer, SetupAsked, SetupFound
from engine.providers.base import Finding
from engine.providers.edge.tokens import Source
from engine.providers.flutterwave import webhook
from engine.providers.flutterwave.account import Account
from engine.providers.flutterwave.client import Client
from engine.providers.flutterwave.dialect import Operation, Row, Sent
from engine.providers.flutterwave.v3 import charge, errors, refund, setup, transfer
from engine.providers.flutterwave.v3.sheet import sheet


@dataclass(frozen=True, slots=True)
class Key:
    """`flutterwave.client.Credentials` and `Grant` of v3: there is nothing to renew."""

    secret: str = field(repr=False)

    @property
    def header(self) -> str:
        """The Authorization header."""
        return f"Bearer {self.secret}"

    def renew(self) -> None:
        """Nothing ends."""

    def at_hand(self) -> Key:
        """The key."""
        return self

    def refused(self) -> None:
        """There is no other: what was refused says so, and waits."""


class V3:
    """See `flutterwave.dialect.Dialect`."""

    version = "v3"
    operations: Mapping[str, Operation] = {"charge": charge, "refund": refund, "payout": transfer}
    balances = "/balances"
    variables = "FLUTTERWAVE_SECRET_KEY"
    webhook_header = "verif-hash"
    token_source: Source | None = None

    def __init__(self, account: Account) -> None:
        self.sheet = sheet()
        self.client = Client(account, Key(account.secret))

    def headers(self, identity: str, send_no: int) -> Mapping[str, str]:
        """None: the reference stands in the body."""
        return {}

    def refusal(self, body: Any, status: int, sent: Sent) -> Finding:
        """By their sentence: there is nothing else."""
        return errors.finding(body, status, sent)

    def not_there(self, body: Any, status: int) -> bool:
        """404, or a 400 that says so: no paper names the status."""
        return status == 404 or (status == 400 and errors.says_missing(body))

    def genuine(self, secret: str, body: bytes, signature: bytes) -> bool:
        """The shared word itself. Nothing of the body is in it, so what it names must be looked up."""
        return hmac.compare_digest(secret.encode(), signature)

    def hint(self, event: Row) -> Hint:
        """Known by event, object and status: they give no id."""
        data, kind = webhook.data_of(event), webhook.text_of(event, "event")
        ref = webhook.text_of(data, "id")
        event_id = webhook.made_id(event, kind, ref, webhook.text_of(data, "status"))
        mark = webhook.text_of(data, "comments", "comment")  # a refund's: its tx_ref is the charge's
        reference = mark if webhook.is_identity(mark) else webhook.text_of(data, "tx_ref", "reference")
        if kind.startswith("refund") and reference != mark:
            reference = ""
        return webhook.about(event_id, kind, reference=reference, provider_ref=ref)

    def ask_setup(
        self, payer: Payer, currency: str, *, return_url: str, reference: str, options: Row
    ) -> SetupAsked:
        """A page of theirs for the smallest amount."""
        return setup.ask(self.client, payer, currency, return_url=return_url, reference=reference)

    def find_setup(self, details: Row) -> SetupFound:
        """Whether it was paid, and what."""
        return setup.find(self.client, details)
