"""What providers take back of what they had said to be final."""

from __future__ import annotations

from engine.ledger.kinds import Kind, LedgerEvent

REVERSALS = (
    LedgerEvent(
        "payment.reversed",
        "the provider took a final success back: the mirror of what booked it",
        (
            (0, Kind.RECEIVABLE, Kind.SETTLED_DIRECT, "gross less fee"),
            (1, Kind.RECEIVABLE, Kind.CLEARING, "fee"),
            (2, Kind.FEE_INCOME, Kind.BILLED, "fee"),
        ),
        "of what booked it",
        "direct",
    ),
    LedgerEvent(
        "payment.reversed",
        "the same of money settled on the platform",
        (
            (0, Kind.RECEIVABLE, Kind.CLEARING, "gross"),
            (2, Kind.FEE_INCOME, Kind.BILLED, "fee"),
            (3, Kind.PAYABLE, Kind.BILLED, "gross less fee"),
        ),
        "of what booked it",
        "platform",
    ),
    LedgerEvent(
        "payment.reversed",
        "the same of what had come late",
        (
            (0, Kind.UNAPPLIED, Kind.SETTLED_DIRECT, "gross less fee"),
            (1, Kind.UNAPPLIED, Kind.CLEARING, "fee"),
        ),
        "of what booked it",
        "direct",
    ),
    LedgerEvent(
        "payment.reversed",
        "the same of what had come late and was settled on the platform",
        ((0, Kind.UNAPPLIED, Kind.CLEARING, "gross"),),
        "of what booked it",
        "platform",
    ),
    LedgerEvent(
        "payment.reversed",
        "the same of what lay in suspense",
        (
            (0, Kind.SUSPENSE, Kind.SETTLED_DIRECT, "gross less fee"),
            (1, Kind.SUSPENSE, Kind.CLEARING, "fee"),
        ),
        "of what booked it",
        "direct",
    ),
    LedgerEvent(
        "payment.reversed",
        "the same of what lay in suspense and was settled on the platform",
        ((0, Kind.SUSPENSE, Kind.CLEARING, "gross"),),
        "of what booked it",
        "platform",
    ),
    LedgerEvent(
        "payment.left_twice",
        "the provider took back what a person had returned, and a person says that both left: it is our loss",
        (
            (0, Kind.WRITE_OFF, Kind.SETTLED_DIRECT, "gross less fee"),
            (1, Kind.WRITE_OFF, Kind.CLEARING, "fee"),
        ),
        "of what booked it",
        "direct",
    ),
    LedgerEvent(
        "payment.left_twice",
        "the same of money settled on the platform",
        ((0, Kind.WRITE_OFF, Kind.CLEARING, "gross"),),
        "of what booked it",
        "platform",
    ),
)
