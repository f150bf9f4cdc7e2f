"""The events of money that is given back."""

from __future__ import annotations

from engine.ledger.kinds import Kind, LedgerEvent

REFUNDS = (
    LedgerEvent(
        "refund.requested",
        "a refund is asked for: out of what the payee is owed, who may come to owe it, and out of the fee's share",
        (
            (0, Kind.PAYABLE, Kind.REFUNDS_PAYABLE, "amount less fee"),
            (1, Kind.FEE_INCOME, Kind.REFUNDS_PAYABLE, "fee"),
        ),
        "refund",
        "platform",
    ),
    LedgerEvent(
        "refund.requested",
        "the same of what went to the payee directly, who gives it back by hand",
        (
            (0, Kind.BILLED, Kind.REFUNDS_PAYABLE, "amount less fee"),
            (1, Kind.FEE_INCOME, Kind.REFUNDS_PAYABLE, "fee"),
        ),
        "refund",
        "direct",
    ),
    LedgerEvent(
        "refund.succeeded",
        "the provider gave it back",
        ((0, Kind.REFUNDS_PAYABLE, Kind.CLEARING, "gross"),),
        "refund's payment",
        "platform",
    ),
    LedgerEvent(
        "refund.by_hand",
        "a person says that it was given back by hand",
        ((0, Kind.REFUNDS_PAYABLE, Kind.CLEARING, "amount"),),
        "refund",
        "platform",
    ),
    LedgerEvent(
        "refund.by_hand",
        "the same of what went to the payee directly: they gave back their part, we the fee's",
        (
            (0, Kind.REFUNDS_PAYABLE, Kind.SETTLED_DIRECT, "amount less fee"),
            (1, Kind.REFUNDS_PAYABLE, Kind.CLEARING, "fee"),
        ),
        "refund",
        "direct",
    ),
    LedgerEvent(
        "refund.released",
        "it failed, was called back, or taken back after it was done: the mirror of what was asked for",
        (
            (0, Kind.REFUNDS_PAYABLE, Kind.PAYABLE, "amount less fee"),
            (1, Kind.REFUNDS_PAYABLE, Kind.FEE_INCOME, "fee"),
        ),
        "refund",
        "platform",
    ),
    LedgerEvent(
        "refund.released",
        "the same of what went to the payee directly",
        (
            (0, Kind.REFUNDS_PAYABLE, Kind.BILLED, "amount less fee"),
            (1, Kind.REFUNDS_PAYABLE, Kind.FEE_INCOME, "fee"),
        ),
        "refund",
        "direct",
    ),
    LedgerEvent(
        "refund.succeeded_late",
        "it was given back after it had been given up: out of what the payee is owed and the fee, a case is opened",
        (
            (0, Kind.PAYABLE, Kind.CLEARING, "gross less fee"),
            (1, Kind.FEE_INCOME, Kind.CLEARING, "fee"),
        ),
        "attempt",
        "platform",
    ),
    LedgerEvent(
        "late.refund_requested",
        "what came late is to go back by its provider: out of unapplied",
        ((0, Kind.UNAPPLIED, Kind.REFUNDS_PAYABLE, "amount"),),
        "refund",
        "platform",
    ),
    LedgerEvent(
        "late.refund_released",
        "that failed, was called back, or taken back after it was done: the mirror, its case is open again",
        ((0, Kind.REFUNDS_PAYABLE, Kind.UNAPPLIED, "amount"),),
        "refund",
        "platform",
    ),
    LedgerEvent(
        "late.refund_late",
        "it went back after that had been given up: not out of what the payee is owed, but out of unapplied",
        ((0, Kind.UNAPPLIED, Kind.PAYABLE, "amount"),),
        "refund",
        "platform",
    ),
    LedgerEvent(
        "late.refund_undone",
        "that was taken back: the mirror, its case is open again",
        ((0, Kind.PAYABLE, Kind.UNAPPLIED, "amount"),),
        "refund",
        "platform",
    ),
    LedgerEvent(
        "refund.mismatch",
        "another amount was given back than was asked: to suspense as it left, once per movement",
        ((0, Kind.SUSPENSE, Kind.CLEARING, "gross"),),
        "provider's movement id",
        "platform",
    ),
    LedgerEvent(
        "payment.reversed",
        "a refund was taken back after it was done",
        ((0, Kind.CLEARING, Kind.REFUNDS_PAYABLE, "gross"),),
        "of what booked it",
        "platform",
    ),
    LedgerEvent(
        "payment.reversed",
        "the same of one that came late",
        (
            (0, Kind.CLEARING, Kind.PAYABLE, "gross less fee"),
            (1, Kind.CLEARING, Kind.FEE_INCOME, "fee"),
        ),
        "of what booked it",
        "platform",
    ),
    LedgerEvent(
        "payment.reversed",
        "the same of another amount",
        ((0, Kind.CLEARING, Kind.SUSPENSE, "gross"),),
        "of what booked it",
        "platform",
    ),
)
