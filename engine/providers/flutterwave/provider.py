"""The provider: a stored method is charged, given back to, or paid out; by the version that is configured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from engine.core.errors import Refusal
from engine.providers.abilities import Hint, Payer, SetupAsked, SetupFound, Standing
from engine.providers.base import Asked, Finding, Hold, Payable, Prepared, Sendable
from engine.providers.edge import gate
from engine.providers.edge.faults import Fault
from engine.providers.edge.tokens import Source
from engine.providers.flutterwave import account, lookup, standing, submit, webhook
from engine.providers.flutterwave.account import NAME
from engine.providers.flutterwave.dialect import Dialect
from engine.providers.flutterwave.v3.dialect import V3
from engine.providers.flutterwave.v4.dialect import V4


class Flutterwave:
    """`engine.providers.base.Provider`, and of its abilities SettingUp, CallingBack, Observed, BearingTokens."""

    name = NAME

    def __init__(self) -> None:
        self._account = account.read()
        self._dialect: Dialect = V4(self._account) if self._account.version == "v4" else V3(self._account)
        self.sheet = self._dialect.sheet

    def context(self, payables: Sequence[Payable]) -> dict[UUID, Hold]:
        """Credentials for a batch of one operation, and who of it must wait. Calls out. Raises ProviderUnavailable."""
        self._renew()
        return gate.admit(payables, provider=NAME, operation=payables[0].operation, limit=self._account.limit)

    def prepare(self, payables: Sequence[Payable], context: Mapping[UUID, Hold]) -> list[Prepared | Hold]:
        """Requests under new references, or who waits, in order. Pure. Raises Refusal for what can't be sent."""
        return [context.get(each.payment_id) or self._prepared(each) for each in payables]

    def committing(self, prepared: Sequence[Prepared]) -> list[Hold]:
        """Nobody waits, nothing is written: there are no rows of its own."""
        return []

    def submit(self, sendable: Sendable) -> Finding:
        """Send once. Calls out; never raises for the world's faults."""
        return submit.submit(self._dialect, sendable)

    def lookup(self, asked: Sequence[Asked]) -> dict[UUID, Finding]:
        """The truth by attempt id; who finds no room is asked later. Calls out. Raises ProviderUnavailable."""
        if not asked:
            return {}
        self._renew()
        return lookup.look(self._dialect, asked)

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> list[Hint]:
        """What a callback is about. Pure. Raises Refusal."""
        return webhook.hints(self._dialect, body, headers)

    def standing(self) -> Standing:
        """Whether the wallets can be read with our credentials. Calls out, never raises."""
        return standing.ask(self._dialect)

    def token_source(self) -> Source | None:
        """Where v4's access tokens are had; None with v3's key, which stays."""
        return self._dialect.token_source

    def public_key(self) -> str:
        """v4: the key that cards are encrypted with for it; v3's page needs none. No calls."""
        return self._account.encryption_key

    def ask_setup(
        self, *, payer: Payer, currency: str, return_url: str, reference: str, options: Mapping[str, Any]
    ) -> SetupAsked:
        """Begin with a payer's card (v4: options["card"] as encrypted in the payer's browser; v3: a hosted page).

        Calls out. Raises Refusal, ProviderUnavailable.
        """
        self._check(currency)
        self._renew()
        try:
            return self._dialect.ask_setup(
                payer, currency, return_url=return_url, reference=reference, options=options
            )
        except Fault as fault:
            raise fault.unavailable() from None

    def find_setup(self, details: Mapping[str, Any]) -> SetupFound:
        """Whether the card may be charged by now, and by v3 what was paid for it. Calls out. Raises
        ProviderUnavailable."""
        self._renew()
        try:
            return self._dialect.find_setup(details)
        except Fault as fault:
            raise fault.unavailable() from None

    def forget_setup(self, details: Mapping[str, Any]) -> None:
        """Nothing: no version has a call that ends a token. Without our credentials it opens nothing."""

    def _prepared(self, payable: Payable) -> Prepared:
        self._check(payable.currency)
        return submit.prepare(self._dialect, payable)

    def _check(self, currency: str) -> None:
        if currency not in self.sheet.currencies:
            known = ", ".join(self.sheet.currencies)
            raise Refusal(
                "currency_unsupported", f"Flutterwave moves {known}, not {currency}", param="currency"
            )

    def _renew(self) -> None:
        try:
            self._dialect.client.credentials.renew()
        except Fault as fault:
            raise fault.unavailable() from None
