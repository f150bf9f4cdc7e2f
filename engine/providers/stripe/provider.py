"""The provider: charges in two calls, everything else in one; each verb stands in a file of its own."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.core import clock
from engine.core.errors import Refusal
from engine.providers.abilities import DisputeFound, Hint, Payer, SetupAsked, SetupFound, Standing, Told
from engine.providers.base import Asked, Finding, Hold, Payable, Prepared, Sendable
from engine.providers.edge import gate
from engine.providers.statements import Line
from engine.providers.stripe import (
    balance,
    bank,
    charge,
    disputes,
    events,
    lookup,
    refund,
    setup,
    statement,
    transfer,
    webhook,
)
from engine.providers.stripe.account import NAME, account
from engine.providers.stripe.client import Api
from engine.providers.stripe.reading import differs, doubted
from engine.providers.stripe.sheet import sheet
from engine.providers.unread import Unread


@dataclass(frozen=True, slots=True)
class Batch:
    """Who of a batch waits, and when it was asked for (unix seconds)."""

    holds: Mapping[UUID, Hold]
    made_at: int


class Stripe:
    """`engine.providers.base.Provider` for Stripe, with the abilities that it has beyond that."""

    name = NAME

    def __init__(self) -> None:
        self.sheet = sheet()
        self._api = Api(account())

    def context(self, payables: Sequence[Payable]) -> Batch:
        """Who finds room now. Asks Redis and the database's clock. Raises ProviderUnavailable."""
        operation = payables[0].operation if payables else charge.OPERATION
        calls = charge.CALLS if operation == charge.OPERATION else 1
        limit = self._api.account.limit
        holds = gate.admit(payables, provider=NAME, operation=operation, limit=limit, calls=calls)
        return Batch(holds, int(clock.machine_now().timestamp()))

    def prepare(self, payables: Sequence[Payable], context: Batch) -> list[Prepared | Hold]:
        """What is to be sent, or who waits, in order. Pure. Raises Refusal for bad instructions."""
        return [context.holds.get(one.payment_id) or self._prepared(one, context.made_at) for one in payables]

    def committing(self, prepared: Sequence[Prepared]) -> list[Hold]:
        """Nothing of its own to write."""
        return []

    def submit(self, sendable: Sendable) -> Finding:
        """Never called (abilities.Stepped): an intent's id would not be committed before it is confirmed."""
        raise NotImplementedError("Stripe is sent to in steps")

    def submit_in_steps(self, sendable: Sendable) -> Generator[Finding, None, Finding]:
        """A charge in two calls, the others in one. Calls out; never raises for faults."""
        if sendable.operation == charge.OPERATION:
            finding = yield from charge.send(self._api, sendable)
        elif sendable.operation == refund.OPERATION:
            finding = refund.send(self._api, sendable)
        else:
            leg = bank if sendable.data.get("leg") == bank.LEG else transfer
            finding = leg.send(self._api, sendable)
        return doubted(finding) if differs(finding, sendable) else finding

    def lookup(self, asked: Sequence[Asked]) -> dict[UUID, Finding]:
        """The truth by attempt id. Calls out. Raises ProviderUnavailable if nothing was learned."""
        return lookup.look(self._api, asked)

    def cancel(self, asked: Asked) -> Finding:
        """Call back an intent that was not paid, or a payout that is pending. Calls out; never raises for faults."""
        return lookup.cancel(self._api, asked)

    def public_key(self) -> str:
        """The publishable key. No calls."""
        return self._api.account.publishable_key

    def ask_setup(
        self, *, payer: Payer, currency: str, return_url: str, reference: str, options: Mapping[str, Any]
    ) -> SetupAsked:
        """For Stripe's fields in the payer's browser, which know `return_url` themselves. Calls out; raises as the
        contract says."""
        return setup.ask(self._api, payer, reference)

    def find_setup(self, details: Mapping[str, Any]) -> SetupFound:
        """What became of it. Calls out. Raises ProviderUnavailable."""
        return setup.find(self._api, details)

    def forget_setup(self, details: Mapping[str, Any]) -> None:
        """Detach the card. Calls out. Raises ProviderUnavailable."""
        setup.forget(self._api, details)

    def find_dispute(self, dispute_ref: str) -> DisputeFound:
        """As it stands now. Calls out. Raises ProviderUnavailable; Refusal "dispute_unknown"."""
        return disputes.find(self._api, dispute_ref)

    def disputes(self, since: datetime, until: datetime) -> Iterator[DisputeFound | Unread]:
        """Those opened in that time. Calls out. Raises ProviderUnavailable."""
        return disputes.listed(self._api, since, until)

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> list[Hint]:
        """What a callback is about. No calls, no database. Raises Refusal."""
        return webhook.hints(self._api.account.secrets, body, headers)

    def told(self, since: datetime, until: datetime) -> Iterator[Told | Unread]:
        """Events about what is ours, whether their callbacks came or not. Calls out. Raises ProviderUnavailable."""
        return events.told(self._api, since, until)

    def statement(self, since: datetime, until: datetime) -> Iterator[Line | Unread]:
        """What moved on our balance. Calls out. Raises ProviderUnavailable."""
        return statement.lines(self._api, since, until)

    def standing(self) -> Standing:
        """Whether Stripe answers us. Calls out, never raises."""
        return balance.standing(self._api)

    def _prepared(self, one: Payable, made_at: int) -> Prepared:
        if one.currency not in self.sheet.currencies:
            raise Refusal(
                "currency_unsupported", f"Stripe does not take {one.currency} from us", param="currency"
            )
        identity = f"{one.payment_id.hex}-{secrets.token_hex(4)}"
        if one.operation == charge.OPERATION:
            return charge.prepare(one, identity, made_at)
        if one.operation == refund.OPERATION:
            return refund.prepare(one, identity, made_at)
        leg = bank if one.instructions.get("leg") == bank.LEG else transfer
        return leg.prepare(one, identity, made_at)
