"""The provider: it holds the account, and each verb stands in a file of its own."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core.errors import Refusal
from engine.providers.abilities import DisputeFound, Hint, Payer, SetupAsked, SetupFound, Standing
from engine.providers.base import Asked, Finding, Hold, Payable, Prepared, Sendable
from engine.providers.edge import gate
from engine.providers.paystack import (
    account,
    charge,
    disputes,
    lookup,
    payout,
    refund,
    settlements,
    setup,
    standing,
    statement,
    webhook,
)
from engine.providers.paystack.client import Client
from engine.providers.paystack.sheet import sheet
from engine.providers.statements import Line, Settlement
from engine.providers.unread import Unread

_PREPARE = {"charge": charge.prepared, "refund": refund.prepared, "payout": payout.prepared}
_CALLS = {"charge": 2, "refund": 1, "payout": 3}  # of one send: what verifies it is one of them


class Paystack:
    """`engine.providers.base.Provider` for Paystack. Amounts in minor units."""

    name = account.NAME

    def __init__(self) -> None:
        self.sheet = sheet()
        self.client = Client(account.read())

    def context(self, payables: Sequence[Payable]) -> dict[UUID, Hold]:
        """Who of a batch must wait, for the breaker or our rate. Asks Redis. Raises ProviderUnavailable."""
        operation = payables[0].operation
        return gate.admit(
            payables,
            provider=self.name,
            operation=operation,
            limit=self.client.account.limit,
            calls=_CALLS[operation],
        )

    def prepare(self, payables: Sequence[Payable], context: Mapping[UUID, Hold]) -> list[Prepared | Hold]:
        """Requests with references of their own, or who waits, in order. Pure. Raises Refusal for bad instructions."""
        return [context.get(one.payment_id) or _PREPARE[one.operation](one) for one in payables]

    def committing(self, prepared: Sequence[Prepared]) -> list[Hold]:
        """Nobody: this provider has no rows. No calls."""
        return []

    def submit_in_steps(self, sendable: Sendable) -> Generator[Finding, None, Finding]:
        """Send once. Only a payout has a step: who is paid is named before. Calls out; never raises for faults."""
        if sendable.operation == "payout":
            return (yield from payout.send(self.client, sendable))
        send = refund.send if sendable.operation == "refund" else charge.send
        return send(self.client, sendable)

    def submit(self, sendable: Sendable) -> Finding:
        """All calls of one send, where nobody stands between them. Calls out; never raises for faults."""
        steps = self.submit_in_steps(sendable)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                found: Finding = end.value
                return found

    def lookup(self, asked: Sequence[Asked]) -> dict[UUID, Finding]:
        """Paystack's truth by attempt id. Calls out. Raises ProviderUnavailable if nothing was learned."""
        return lookup.look(self.client, asked) if asked else {}

    def public_key(self) -> str:
        """The public key. No calls."""
        return self.client.account.public_key

    def ask_setup(
        self, *, payer: Payer, currency: str, return_url: str, reference: str, options: Mapping[str, Any]
    ) -> SetupAsked:
        """A page on which the payer leaves a card, and pays a little. Calls out; no options."""
        if options:
            raise Refusal("option_unknown", f"this rail has no option {sorted(options)}", param="options")
        return setup.ask(self.client, payer, currency=currency, return_url=return_url, reference=reference)

    def find_setup(self, details: Mapping[str, Any]) -> SetupFound:
        """What became of it, and what was paid for it. Calls out. Raises ProviderUnavailable."""
        return setup.find(self.client, details)

    def forget_setup(self, details: Mapping[str, Any]) -> None:
        """No further charge by this card. Calls out. Raises ProviderUnavailable."""
        setup.forget(self.client, details)

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> list[Hint]:
        """What a callback is about, once its signature holds. No calls. Raises Refusal."""
        return webhook.parse(self.client.account, body, headers)

    def find_dispute(self, dispute_ref: str) -> DisputeFound:
        """A dispute as it stands. Calls out. Raises ProviderUnavailable; Refusal "dispute_unknown"."""
        return disputes.find(self.client, dispute_ref)

    def disputes(self, since: datetime, until: datetime) -> Iterator[DisputeFound | Unread]:
        """Those opened in a span. Calls out. Raises ProviderUnavailable."""
        return disputes.listed(self.client, since, until)

    def statement(self, since: datetime, until: datetime) -> Iterator[Line | Unread]:
        """What moved in a span. Calls out. Raises ProviderUnavailable."""
        return statement.lines(self.client, since, until)

    def settlements(self, since: datetime, until: datetime) -> Iterator[Settlement | Unread]:
        """What was paid into our bank, by when it was made. Calls out. Raises ProviderUnavailable."""
        return settlements.listed(self.client, since, until)

    def standing(self) -> Standing:
        """Whether Paystack answers to our key. Calls out, never raises."""
        return standing.now(self.client)
