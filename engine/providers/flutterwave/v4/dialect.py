"""Version 4 as a dialect: where things are, how a callback is signed, what a key is."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from engine.providers.abilities import Hint, Payer, SetupAsked, SetupFound
from engine.providers.base import Finding
from engine.providers.edge.tokens import Source
from engine.providers.flutterwave import webhook
from engine.providers.flutterwave.account import Account
from engine.providers.flutterwave.client import Client
from engine.providers.flutterwave.dialect import Operation, Row, Sent
from engine.providers.flutterwave.v4 import charge, errors, refund, setup, transfer
from engine.providers.flutterwave.v4.sheet import sheet
from engine.providers.flutterwave.v4.tokens import Tokens, source_of


class V4:
    """See `flutterwave.dialect.Dialect`."""

    version = "v4"
    operations: Mapping[str, Operation] = {"charge": charge, "refund": refund, "payout": transfer}
    balances = "/wallets/balances"
    variables = "FLUTTERWAVE_CLIENT_ID and FLUTTERWAVE_CLIENT_SECRET"
    webhook_header = "flutterwave-signature"

    def __init__(self, account: Account) -> None:
        self.sheet = sheet()
        self.token_source: Source | None = source_of(account)
        self.client = Client(account, Tokens(self.token_source))

    def headers(self, identity: str, send_no: int) -> Mapping[str, str]:
        """The key is the reference; the trace names the send, for whoever asks their support about it."""
        return {"X-Idempotency-Key": identity, "X-Trace-Id": f"{identity}-{send_no}"}

    def refusal(self, body: Any, status: int, sent: Sent) -> Finding:
        """By the code of their envelope."""
        return errors.finding(body, status, sent)

    def not_there(self, body: Any, status: int) -> bool:
        """404 alone says so."""
        return status == 404

    def genuine(self, secret: str, body: bytes, signature: bytes) -> bool:
        """Base64 of HMAC-SHA256 over the raw bytes."""
        made = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        return hmac.compare_digest(made, signature)

    def hint(self, event: Row) -> Hint:
        """Known by its webhook_id; without one by type, object and status."""
        data, kind = webhook.data_of(event), webhook.text_of(event, "type")
        ref = webhook.text_of(data, "id")
        event_id = webhook.text_of(event, "webhook_id") or webhook.made_id(
            event, kind, ref, webhook.text_of(data, "status")
        )
        meta = data.get("meta")
        marked = webhook.text_of(meta, "attempt") if isinstance(meta, dict) else ""
        reference = (
            webhook.text_of(data, "reference") or marked
        )  # a refund has none but what we marked it with
        return webhook.about(event_id, kind, reference=reference, provider_ref=ref)

    def ask_setup(
        self, payer: Payer, currency: str, *, return_url: str, reference: str, options: Row
    ) -> SetupAsked:
        """A customer, and the card once the payer's browser has encrypted it."""
        return setup.ask(self.client, payer, reference=reference, options=options)

    def find_setup(self, details: Row) -> SetupFound:
        """Whether the customer has the method."""
        return setup.find(self.client, details)
