"""What a payer paid at a gateway's page so that it keeps their method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SetupCharge:
    """What a payer paid so that a gateway keeps their method: it is theirs, and is given back. Minor units.

    `fee_minor` is what the gateway keeps of it. The rest names the movement as the evidence of a charge does: a refund
    finds it by that (base.py, instructions of a refund).
    """

    movement_id: str
    provider_ref: str
    identity: str
    amount_minor: int
    currency: str
    fee_minor: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)
