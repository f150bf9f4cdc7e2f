"""Gateways whose world the test writes: one keeps payers' cards and pulls from them, one can make links alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from engine.providers.abilities import Payer, SetupAsked, SetupFound
from engine.providers.base import FailureClass, Finding, Outcome, ProviderUnavailable
from tests.payments.scripted import Scripted

ENDS_AT = datetime(2099, 1, 1, tzinfo=UTC)
ACTION = {"type": "redirect", "url": "https://pay.example/1", "expires_at": "2026-02-01T09:30:00Z"}
LINK = Finding(Outcome.PENDING, FailureClass.PAYER_ACTION, "payer_action_needed", detail={"action": ACTION})
LINK_EXPIRED = Finding(
    Outcome.DECLINED, FailureClass.PAYER_ACTION, "link_expired", "Nobody paid the link in time."
)


class Gateway(Scripted):
    """Keeps cards: `done` says for which set-up, by our reference, the payer has finished."""

    name = "gateway"
    kind = "redirect"
    sheet = replace(
        Scripted.sheet, provider="gateway", settlement="platform", currencies=("USD", "NGN"),
        minimum_minor={"USD": 50}, maximum_minor=99_999_999,
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.called: list[tuple[str, bool]] = []  # what, and whether a transaction was open
        self.payers: list[tuple[Payer, str]] = []
        self.done: dict[str, SetupFound] = {}
        self.forgotten: list[str] = []
        self.silent = False

    def public_key(self) -> str:
        """What its fields need."""
        return "pk_for_the_browser"

    def ask_setup(
        self, *, payer: Payer, currency: str, return_url: str, reference: str, options: Mapping[str, Any]
    ) -> SetupAsked:
        self._calls("ask")
        self.payers.append((payer, return_url))
        details = {"setup": reference, "email": payer.email}
        if self.kind == "none":
            return SetupAsked("none", details)
        if self.kind == "redirect":
            return SetupAsked("redirect", details, url=f"https://pay.example/{reference}", expires_at=ENDS_AT)
        return SetupAsked("hosted_fields", details, client_secret=f"{reference}_secret_for_the_browser")

    def find_setup(self, details: Mapping[str, Any]) -> SetupFound:
        self._calls("find")
        if self.kind == "none":
            return SetupFound(True, details={**details, "source": details["setup"]})
        return self.done.get(
            details["setup"], SetupFound(False, "setup_pending", "The payer is at the page.")
        )

    def forget_setup(self, details: Mapping[str, Any]) -> None:
        self._calls("forget")
        self.forgotten.append(details["source"])

    def finish(self, reference: str, card: str = "tok_1", **label: Any) -> None:
        """The payer gives a card."""
        label = label or {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2030}
        self.done[reference] = SetupFound(True, details={"source": card, "token": card}, label=label)

    def _calls(self, what: str) -> None:
        self.called.append((what, connection.in_atomic_block))
        if self.silent:
            raise ProviderUnavailable("timeout", "no answer in time")


class Links(Gateway):
    """Can't pull: each charge is a link that its payer is to open."""

    name = "links"
    kind = "none"
    sheet = replace(Gateway.sheet, provider="links", pulls=False, resend_same_identity=(), absence_certain=())
