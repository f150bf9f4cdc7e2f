"""What the engine does with the provider, in a few lines: prepare, send step by step, look, send again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import stripe

from engine.core.ids import uuid7
from engine.providers.base import Asked, Finding, Known, Outcome, Payable, Prepared, Sendable
from engine.providers.stripe.provider import Stripe
from sandbox.gateways.control import Gateways

SECRET = "whsec_simulator"
FINAL = (Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.ABSENT, Outcome.NOT_LEFT)


@dataclass
class Attempt:
    """One attempt as the engine keeps it: what was prepared, and what its evidence has named."""

    payable: Payable
    prepared: Prepared
    known: Known = field(default_factory=Known)
    send_no: int = 0
    found: list[Finding] = field(default_factory=list)

    def keep(self, finding: Finding) -> Finding:
        """As committed evidence does: the last id that was named stays."""
        self.found.append(finding)
        steps = dict(self.known.steps)
        if finding.outcome is Outcome.STEP:
            steps[finding.code] = finding.detail
        self.known = Known(finding.provider_ref or self.known.provider_ref, steps)
        return finding

    @property
    def sendable(self) -> Sendable:
        one, own = self.payable, self.prepared
        return Sendable(
            uuid7(), one.payment_id, self.send_no, one.operation, own.identity, own.envelope, own.data,
            one.amount_minor, one.currency, one.instructions, self.known,
        )  # fmt: skip

    @property
    def asked(self) -> Asked:
        one, own = self.payable, self.prepared
        return Asked(
            UUID(int=1), one.payment_id, one.operation, own.identity, own.data, one.amount_minor, one.fee_minor,
            one.currency, one.instructions, self.known,
        )  # fmt: skip


@dataclass
class Shop:
    """The provider under test, its world, and the library by hand."""

    provider: Stripe
    world: Gateways
    hand: stripe.StripeClient

    def card(self, kind: str = "pm_card_visa") -> dict[str, Any]:
        """What a set-up leaves with a payment method."""
        customer = self.hand.v1.customers.create({"name": "Ada"}).id
        method = self.hand.v1.payment_methods.attach(kind, {"customer": customer}).id
        return {"source": method, "customer": customer, "payment_method": method}

    def prepare(self, operation: str = "charge", amount: int = 2000, **instructions: Any) -> Attempt:
        """An attempt that has not left."""
        wanted = Payable(uuid7(), operation, amount, 0, "USD", instructions or self.card())
        (prepared,) = self.provider.prepare([wanted], self.provider.context([wanted]))
        assert isinstance(prepared, Prepared)
        return Attempt(wanted, prepared)

    def send(self, attempt: Attempt) -> Finding:
        """One send, each step kept before the next call leaves."""
        attempt.send_no += 1
        calls = self.provider.submit_in_steps(attempt.sendable)
        while True:
            try:
                step = next(calls)
            except StopIteration as end:
                return attempt.keep(end.value)
            assert step.outcome is Outcome.STEP
            attempt.keep(step)

    def charge(self, amount: int = 2000, card: str = "pm_card_visa") -> Attempt:
        """A charge that was sent once."""
        attempt = self.prepare(amount=amount, **self.card(card))
        self.send(attempt)
        return attempt

    def look(self, attempt: Attempt) -> Finding:
        """What a look finds."""
        (finding,) = self.provider.lookup([attempt.asked]).values()
        return finding

    def recover(self, attempt: Attempt) -> Finding:
        """Look until something final is known; what is missing is sent again under the same identity."""
        for _ in range(6):
            finding = self.look(attempt)
            if finding.outcome is Outcome.MISSING:
                finding = self.send(attempt)
            else:
                attempt.keep(finding)
            if finding.outcome in FINAL:
                return finding
        raise AssertionError(f"still {finding}")

    def paid(self) -> dict[str, Any]:
        """The instructions that a refund of a fresh charge gets."""
        attempt = self.charge()
        found = attempt.found[-1]
        assert found.outcome is Outcome.SUCCEEDED
        return {
            "charge": {
                "provider_ref": found.provider_ref, "movement_id": found.movement_id,
                "identity": attempt.prepared.identity, "amount_minor": found.gross_minor,
                "currency": found.currency, "detail": dict(found.detail),
            }
        }  # fmt: skip

    def account(self, number: str = "000123456789", holds: int = 0) -> str:
        """A connected account with a bank."""
        bank: Any = {
            "object": "bank_account",
            "country": "US",
            "currency": "usd",
            "account_number": number,
        }
        made: Any = {"type": "custom", "country": "US", "external_account": bank}
        account = self.hand.v1.accounts.create(made).id
        if holds:
            self.world.give(f"stripe:{account}:available", "usd", holds)
        return account

    def moved(self, kind: str, attempt: Attempt) -> list[dict[str, Any]]:
        """What the outside world's books have of one payment."""
        return self.world.ledger(kind=kind, reference=attempt.payable.payment_id.hex)

    def older(self, attempt: Attempt, seconds: int) -> Attempt:
        """As if it had been prepared so long ago."""
        data = {**attempt.prepared.data, "made_at": attempt.prepared.data["made_at"] - seconds}
        return replace(attempt, prepared=replace(attempt.prepared, data=data))
