"""The provider: each charge is a link or a code that the payer pays, and iPaymu's own transaction is the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.providers.abilities import Hint, Payer, SetupAsked, SetupFound, Standing
from engine.providers.base import Asked, Finding, Hold, Payable, Prepared, Sendable
from engine.providers.ipaymu import account, charge, lookup, setup, standing, statement, webhook
from engine.providers.ipaymu.days import Days
from engine.providers.ipaymu.sheet import NAME, sheet
from engine.providers.statements import Line


class Ipaymu:
    """`engine.providers.base.Provider`, with SettingUp, CallingBack, Observed and Stating. Whole rupiah."""

    name = NAME

    def __init__(self) -> None:
        self.sheet = sheet()
        self._account = account.from_settings()
        self._days = Days(self._account)

    def context(self, payables: Sequence[Payable]) -> charge.Batch:
        """Who may go now. Asks Redis, reads the database's clock. Raises ProviderUnavailable."""
        return charge.context(self._account, payables)

    def prepare(self, payables: Sequence[Payable], context: charge.Batch) -> list[Prepared | Hold]:
        """The bytes of each creation, or who waits, in order. Pure. Raises Refusal for bad instructions."""
        return charge.prepare(self._account, payables, context)

    def committing(self, prepared: Sequence[Prepared]) -> Sequence[Hold]:
        """Nobody: there are no rows of its own."""
        return ()

    def submit(self, sendable: Sendable) -> Finding:
        """Make the link or code, once. Calls out; never raises for faults. PENDING carries `detail.action`."""
        return charge.submit(self._account, sendable)

    def lookup(self, asked: Sequence[Asked]) -> dict[UUID, Finding]:
        """By number, or through the history. Calls out. Raises ProviderUnavailable if nothing was learned."""
        return lookup.lookup(self._account, self._days, asked)

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> list[Hint]:
        """No calls, no database. Raises Refusal "callback_unreadable", SignatureWrong with its hints."""
        return webhook.parse(self._account, body, headers)

    def public_key(self) -> str:
        """None: iPaymu has no fields for others' pages."""
        return ""

    def ask_setup(
        self, *, payer: Payer, currency: str, return_url: str, reference: str, options: Mapping[str, Any]
    ) -> SetupAsked:
        """Nothing to approve: kind "none". Options: `channel`. No calls. Raises Refusal for bad input."""
        return setup.ask(payer=payer, currency=currency, return_url=return_url, options=options)

    def find_setup(self, details: Mapping[str, Any]) -> SetupFound:
        """Ready at once. No calls."""
        return setup.find(details)

    def forget_setup(self, details: Mapping[str, Any]) -> None:
        """Nothing is kept at iPaymu."""

    def standing(self) -> Standing:
        """Whether it answers and takes our credentials. Calls out, never raises."""
        return standing.standing(self._account)

    def statement(self, since: datetime, until: datetime) -> Iterator[Line]:
        """What was paid in that time, newest first. Calls out. Raises ProviderUnavailable."""
        return statement.lines(self._account, since, until)
