"""The events of what a payer pays so that a gateway keeps their method: theirs, and given back."""

from __future__ import annotations

from engine.ledger.kinds import Kind, LedgerEvent

SETUPS = (
    LedgerEvent(
        "setup.paid",
        "a payer paid a little so that a gateway keeps their method: it is theirs, and the gateway's fee is our cost",
        (
            (0, Kind.CLEARING, Kind.REFUNDS_PAYABLE, "amount"),
            (1, Kind.NETWORK_FEE, Kind.CLEARING, "gateway's fee"),
        ),
        "provider's movement id",
        "platform",
    ),
    LedgerEvent(
        "refund.succeeded",
        "the provider gave that back",
        ((0, Kind.REFUNDS_PAYABLE, Kind.CLEARING, "gross"),),
        "refund's payment",
        "setup",
    ),
    LedgerEvent(
        "refund.succeeded_late",
        "the same after it had said that it could not: it was still to be given back",
        ((0, Kind.REFUNDS_PAYABLE, Kind.CLEARING, "gross"),),
        "attempt",
        "setup",
    ),
    LedgerEvent(
        "setup.by_hand",
        "a person says that they gave it back",
        ((0, Kind.REFUNDS_PAYABLE, Kind.CLEARING, "what was left of it"),),
        "refund's payment",
        "platform",
    ),
    LedgerEvent(
        "setup.counted",
        "a person counts what went back of another amount; what is beyond the rest of it is our loss",
        (
            (0, Kind.REFUNDS_PAYABLE, Kind.CLEARING, "what was left of it"),
            (1, Kind.WRITE_OFF, Kind.CLEARING, "what is beyond"),
        ),
        "of the booking in suspense",
        "platform",
    ),
    LedgerEvent(
        "setup.returned_twice",
        "the provider gave it back late, after a person had, or counted some of it",
        ((0, Kind.WRITE_OFF, Kind.REFUNDS_PAYABLE, "what was given back before"),),
        "refund's payment",
        "platform",
    ),
    LedgerEvent(
        "setup.twice_undone",
        "what the provider gave back late was taken back: what had been given back before is no loss",
        ((0, Kind.REFUNDS_PAYABLE, Kind.WRITE_OFF, "what was given back before"),),
        "refund's payment",
        "platform",
    ),
)
