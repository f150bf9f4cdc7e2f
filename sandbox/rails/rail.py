"""What each rail's outside world offers to a proof: payers of every kind, the truth, and the variables to reach it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from sandbox.gateways.books import OUTSIDE
from sandbox.gateways.control import Gateways

Details = dict[str, Any]
_HEX = re.compile(r"[0-9a-f]{32}")
_SET_UP = re.compile(r"setup[.-]([0-9a-f]{32})")


class Moved(NamedTuple):
    """One movement at the outside. `payment` is the payment's id (hex), "" of what names none of ours; `identity` the
    word under which it was asked for; `adds_minor` what the gateway holds more for us by it, or less (below 0);
    `method` the id (hex) of the method that a payer paid to set up."""

    payment: str
    kind: str  # "charge", "refund", "fee", "dispute", "return", ...
    amount_minor: int
    currency: str
    object_id: str
    identity: str
    adds_minor: int
    method: str = ""


@dataclass(frozen=True)
class Rail:
    """One gateway in one simulator. `speakers` are the names under which its faults are set."""

    gateways: Gateways
    name: ClassVar[str]
    speakers: ClassVar[tuple[str, ...]]
    currency: ClassVar[str]
    price_minor: ClassVar[int]
    gives_back: ClassVar[bool] = True
    """Whether it has refunds at all."""
    storm_step_seconds: ClassVar[float] = 20.0
    """Of the simulator's clock, for each quarter of a second of a storm."""
    cards: ClassVar[
        Mapping[str, str]
    ]  # "good", "insufficient_funds", "hard_decline", "payer_action" -> test card

    def environ(self) -> dict[str, str]:
        """The variables with which the product uses this simulator."""
        raise NotImplementedError

    def payer(self, email: str, kind: str = "good") -> Details:
        """Somebody who set up a method before: what `find_setup` would have found. Writes at the simulator."""
        raise NotImplementedError

    def options(self, kind: str = "good") -> Details:
        """What the payer's browser hands over when a set-up is begun."""
        return {}

    def fill(self, url: str, client_secret: str, kind: str = "good") -> None:
        """What a payer does at the gateway's page or fields so that a method is set up."""

    def spoil(self, details: Details, kind: str) -> None:
        """From now on this method's charges end so, whatever the card was when it was set up."""
        raise NotImplementedError

    def endow(self) -> None:
        """Something lies in our account there, as with who has sold before: what is given back is taken from it."""
        self.gateways.give(f"{self.name}:platform:available", self.currency, 10 * self.price_minor)

    def call_back(self, url: str) -> None:
        """Callbacks go there from now on, as the gateway's dashboard would be told."""
        self.gateways.configure(self.speakers[0], webhook_url=url)

    def hasten(self) -> None:
        """The simulator's clock will run ahead of ours: what our clock has to agree with lasts."""

    def act(self) -> int:
        """Whoever is waited for pays now; how many did. Rails that pull wait for nobody."""
        return 0

    def moved(self, since: int = 0) -> list[Moved]:
        """What moved since that number of the outside's books, the oldest first."""
        return [
            Moved(payment_of(row["reference"]), row["kind"], row["amount"], row["currency"], row["object"],
                  row.get("metadata", {}).get("identity") or row["reference"], _adds(row), method_of(row["reference"]))
            for row in self.gateways.ledger(since)
            if row["provider"] in (self.name, *self.speakers)
        ]  # fmt: skip


def _adds(row: Mapping[str, Any]) -> int:
    """Nothing between two accounts of ours. What a simulator is given or drained of is its own affair."""
    if row["kind"] in ("seed", "drain"):
        return 0
    ours = [row[end].split(":")[1] != OUTSIDE for end in ("target", "source")]
    return int(row["amount"]) * (ours[0] - ours[1])


def payment_of(word: str) -> str:
    """The payment's id (hex) that a reference of ours begins with."""
    found = _HEX.match(word.replace("-", ""))
    return found[0] if found else ""


def method_of(word: str) -> str:
    """The method's id (hex) in the reference of a set-up's own charge."""
    found = _SET_UP.match(word)
    return found[1] if found else ""
