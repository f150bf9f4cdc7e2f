"""Payments as the engine hands them to the adapter, without the engine."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from engine.core.ids import uuid7
from engine.providers.base import Asked, Finding, Known, Outcome, Payable, Prepared, Sendable
from engine.providers.paystack.provider import Paystack
from sandbox.gateways.control import Gateways

EMAIL = "ada@example.com"
GOOD, DECLINED, POOR = "4084084084084081", "4084080000005408", "4084080000670037"
ASKED, ATTENTION, REFUND_FAILS = "5060666666666666666", "4084080000000003", "4084080000000011"
AVAILABLE = "paystack:platform:available"
BANK = {"type": "nuban", "name": "Grace", "account_number": "0001234567", "bank_code": "058"}


class Desk:
    """`prepare` makes what is committed, `send` and `look` are what a worker does with it."""

    def __init__(self, provider: Paystack, world: Gateways) -> None:
        self.provider, self.world = provider, world

    def card(self, number: str = GOOD) -> dict[str, Any]:
        """Somebody who paid before, as find_setup gave them to us."""
        code = self.world.do("paystack", "authorize", email=EMAIL, card=number)["authorization_code"]
        return {"source": code, "authorization_code": code, "email": EMAIL}

    def prepare(
        self,
        instructions: Mapping[str, Any],
        operation: str = "charge",
        amount: int = 10_000,
        currency: str = "NGN",
    ) -> Sendable:
        """An attempt that is committed and has not left."""
        payable = Payable(uuid7(), operation, amount, 0, currency, instructions)
        (made,) = self.provider.prepare([payable], self.provider.context([payable]))
        assert isinstance(made, Prepared)
        return Sendable(
            uuid.uuid4(), made.payment_id, 1, operation, made.identity, made.envelope, made.data, amount, currency,
            instructions,
        )  # fmt: skip

    def charge(self, number: str = GOOD, **more: Any) -> Sendable:
        """A charge of a card."""
        return self.prepare(self.card(number), **more)

    def paid(self, number: str = GOOD, amount: int = 10_000) -> tuple[Sendable, Finding]:
        """A charge that succeeded."""
        made = self.charge(number, amount=amount)
        found = self.send(made)
        assert found.outcome is Outcome.SUCCEEDED, found
        return made, found

    def refund(self, charge: Sendable, found: Finding, amount: int) -> Sendable:
        """A refund of that charge."""
        evidence = {
            "provider_ref": found.provider_ref, "movement_id": found.movement_id, "identity": charge.identity,
            "amount_minor": charge.amount_minor, "currency": charge.currency, "detail": dict(found.detail),
        }  # fmt: skip
        return self.prepare({"charge": evidence}, "refund", amount)

    def payout(self, amount: int = 5_000, **payee: Any) -> Sendable:
        """A payout to a bank account, or to who is named."""
        return self.prepare({"payee": payee or BANK}, "payout", amount)

    def send(self, one: Sendable) -> Finding:
        """What the last call of a send shows."""
        return self.provider.submit(one)

    def look(self, one: Sendable, *said: Finding) -> Finding:
        """What a look-up shows of it, after evidence named what it named."""
        found = self.provider.lookup([self.asked(one, *said)])
        return found[one.attempt_id]

    @staticmethod
    def asked(one: Sendable, *said: Finding) -> Asked:
        refs = [each.provider_ref for each in said if each.provider_ref]
        known = Known(refs[-1] if refs else "")
        return Asked(
            one.attempt_id, one.payment_id, one.operation, one.identity, one.data, one.amount_minor, 0,
            one.currency, one.instructions, known,
        )  # fmt: skip

    def moved(self, kind: str = "charge") -> list[int]:
        """What the simulator's books have of a kind: the outside world's truth."""
        return [each["amount"] for each in self.world.ledger(provider="paystack", kind=kind)]
