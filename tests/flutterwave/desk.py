"""The adapter on one version, as the pipeline uses it but without the pipeline: prepare, send, look."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from engine.core.ids import uuid7
from engine.providers.base import Asked, Finding, Known, Payable, Prepared, Sendable
from engine.providers.flutterwave.provider import Flutterwave
from sandbox.gateways.control import Gateways

EMAIL = "ada@example.com"
GOOD, ASKED, POOR = "5531886652142950", "4187427415564246", "5258585922666506"
REFUSED, FRAUD = "5143010522339965", "5590131743294314"
AVAILABLE = "flutterwave:platform:available"


@dataclass
class Sent:
    """One payment with what was prepared of it and what is known by now."""

    payable: Payable
    prepared: Prepared
    found: Finding | None = None
    refs: list[str] = field(default_factory=list)
    send_no: int = 0

    @property
    def identity(self) -> str:
        return self.prepared.identity

    def learn(self, finding: Finding) -> Finding:
        """Keep what was said, as evidence is kept."""
        self.found = finding
        self.refs += [finding.provider_ref] if finding.provider_ref else []
        return finding


@dataclass
class Desk:
    """`version` is v3 or v4, `mount` the simulator's name of it."""

    world: Gateways
    version: str
    provider: Flutterwave

    @property
    def mount(self) -> str:
        return "flutterwave" if self.version == "v4" else "flutterwave-v3"

    def method(self, card: str = GOOD, email: str = EMAIL) -> dict[str, Any]:
        """Instructions to charge a payer who paid before."""
        return dict(self.world.do(self.mount, "authorize", email=email, card=card))

    def charge(self, card: str = GOOD, amount: int = 30_050, currency: str = "NGN") -> Payable:
        return payable("charge", amount, self.method(card), currency)

    def prepare(self, one: Payable) -> Sent:
        """What the engine would have committed."""
        (made,) = self.provider.prepare([one], self.provider.context([one]))
        assert isinstance(made, Prepared), made
        return Sent(one, made)

    def send(self, sent: Sent) -> Finding:
        """Send it, once more if it was sent."""
        sent.send_no += 1
        one = sent.payable
        sendable = Sendable(uuid7(), one.payment_id, sent.send_no, one.operation, sent.identity, sent.prepared.envelope,
                            sent.prepared.data, one.amount_minor, one.currency, one.instructions,
                            _known(sent))  # fmt: skip
        return sent.learn(self.provider.submit(sendable))

    def pay(self, one: Payable) -> Sent:
        """Prepare and send."""
        sent = self.prepare(one)
        self.send(sent)
        return sent

    def look(self, sent: Sent) -> Finding:
        """What a look says. It must say something."""
        asked = asked_of(sent)
        return sent.learn(self.provider.lookup([asked])[asked.attempt_id])

    def refund(self, charged: Sent, amount: int) -> Payable:
        """So much of a charge that succeeded."""
        found = charged.found
        assert found
        evidence = {"provider_ref": found.provider_ref, "movement_id": found.movement_id, "identity": charged.identity,
                    "amount_minor": found.gross_minor, "currency": found.currency, "detail": found.detail}  # fmt: skip
        return payable("refund", amount, {"charge": evidence}, charged.payable.currency)

    def moved(self, kind: str = "charge", **equal: str) -> list[dict[str, Any]]:
        """What moved by the world's own books."""
        return self.world.ledger(kind=kind, **equal)


def payable(operation: str, amount: int, instructions: dict[str, Any], currency: str = "NGN") -> Payable:
    return Payable(uuid7(), operation, amount, 0, currency, instructions)


def asked_of(sent: Sent, attempt_id: UUID | None = None) -> Asked:
    one = sent.payable
    return Asked(attempt_id or uuid7(), one.payment_id, one.operation, sent.identity, sent.prepared.data,
                 one.amount_minor, one.fee_minor, one.currency, one.instructions, _known(sent))  # fmt: skip


def _known(sent: Sent) -> Known:
    return Known(sent.refs[-1] if sent.refs else "")
