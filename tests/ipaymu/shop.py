"""What the engine does around the adapter, one step at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.core import clock
from engine.core.ids import uuid7
from engine.providers.base import Asked, Finding, Hold, Known, Payable, Prepared, Sendable
from engine.providers.ipaymu import client, lookup
from engine.providers.ipaymu.provider import Ipaymu
from sandbox.gateways.control import Gateways

VA, KEY, NAME = "1179000899", "SANDBOX-simulator", "ipaymu"
AMOUNT, FEE = 102_000, 714
CREATIONS = ("POST /payment", "POST /payment/direct")


@dataclass
class Made:
    """One attempt: what was sent, what came back, and what is known of it since."""

    sendable: Sendable
    finding: Finding
    known: Known

    @property
    def number(self) -> int:
        return int(self.known.provider_ref)

    def asked(self, known: Known | None = None, **data: Any) -> Asked:
        one = self.sendable
        return Asked(one.attempt_id, one.payment_id, "charge", one.identity, {**one.data, **data}, one.amount_minor, 0,
                     one.currency, one.instructions, known or self.known)  # fmt: skip


class Shop:
    """Sends and looks; `world` is what is true."""

    def __init__(self, world: Gateways, provider: Ipaymu) -> None:
        self.world, self.provider = world, provider

    def payable(
        self, *, channel: str = "", amount: int = AMOUNT, payment_id: UUID | None = None, **more: Any
    ) -> Payable:
        who = {
            "source": "s",
            "name": "Putu / Bùdi",
            "email": "p@example.com",
            "phone": "0812",
            "channel": channel,
        }
        return Payable(
            payment_id or uuid7(), "charge", amount, 0, more.pop("currency", "IDR"), {**who, **more}
        )

    def prepared(self, payable: Payable) -> Prepared:
        (one,) = self.provider.prepare([payable], self.provider.context([payable]))
        assert not isinstance(one, Hold)
        return one

    def make(self, **more: Any) -> Made:
        """Prepare and send once."""
        payable = self.payable(**more)
        one = self.prepared(payable)
        sendable = Sendable(uuid7(), one.payment_id, 1, "charge", one.identity, one.envelope, one.data,
                            payable.amount_minor, payable.currency, payable.instructions)  # fmt: skip
        finding = self.provider.submit(sendable)
        return Made(sendable, finding, Known(finding.provider_ref))

    def look(self, *made: Made, **data: Any) -> list[Finding | None]:
        """One look at all of them; each remembers the number that it was told."""
        found = self.provider.lookup([one.asked(**data) for one in made])
        for one in made:
            said = found.get(one.sendable.attempt_id)
            one.known = Known((said.provider_ref if said else "") or one.known.provider_ref)
        return [found.get(one.sendable.attempt_id) for one in made]

    def look_at(self, made: Made, **data: Any) -> Finding:
        (found,) = self.look(made, **data)
        assert found is not None
        return found

    def look_when_over(self, made: Made) -> Finding:
        """A look after the time of the page or the code, and of what may still be on its way into the history."""
        return self.look_at(made, expires_at=(clock.machine_now() - lookup.MARGIN).isoformat())

    def end(self, number: int, outcome: str = "paid") -> None:
        """What the payer does, or time."""
        self.world.do(NAME, "end", id=number, outcome=outcome)

    def again(self, reference: str) -> int:
        """Another transaction under the same reference, as a payer begins one who goes back on the page; its number."""
        body = {"name": "Putu", "phone": "0812", "email": "p@example.com", "amount": AMOUNT,
                "notifyUrl": self.provider._account.notify_url, "referenceId": reference, "paymentMethod": "va",
                "paymentChannel": "bni", "expired": 24}  # fmt: skip
        reply = client.post(
            self.provider._account, "/payment/direct", client.written(body), operation="lookup"
        )
        return int(reply.data["TransactionId"])

    def creations(self) -> list[dict[str, Any]]:
        return [row for row in self.world.requests() if row["route"] in CREATIONS]

    def collected(self) -> list[tuple[str, int]]:
        """(our reference, minor units) of each charge in the world's books."""
        return [(row["reference"], row["amount"]) for row in self.world.ledger(kind="charge")]
