"""The events of money that is owed and comes in, and of what lies in suspense."""

from __future__ import annotations

from engine.ledger.kinds import Kind, LedgerEvent

PAYMENTS = (
    LedgerEvent(
        "invoice.finalized",
        "an invoice is opened",
        ((0, Kind.RECEIVABLE, Kind.BILLED, "due"),),
        "invoice",
    ),
    LedgerEvent(
        "payment.succeeded",
        "a direct pull is final, with the amounts read from the chain",
        (
            (0, Kind.SETTLED_DIRECT, Kind.RECEIVABLE, "gross less fee"),
            (1, Kind.CLEARING, Kind.RECEIVABLE, "fee"),
            (2, Kind.BILLED, Kind.FEE_INCOME, "fee"),
        ),
        "payment",
        "direct",
    ),
    LedgerEvent(
        "payment.succeeded",
        "money settled on the platform is final",
        (
            (0, Kind.CLEARING, Kind.RECEIVABLE, "gross"),
            (2, Kind.BILLED, Kind.FEE_INCOME, "fee"),
            (3, Kind.BILLED, Kind.PAYABLE, "gross less fee"),
        ),
        "payment",
        "platform",
    ),
    LedgerEvent(
        "payment.refused",
        "money arrived, and what it was for refused it: held in suspense, the payment is parked",
        (
            (0, Kind.SETTLED_DIRECT, Kind.SUSPENSE, "gross less fee"),
            (1, Kind.CLEARING, Kind.SUSPENSE, "fee"),
        ),
        "payment",
        "direct",
    ),
    LedgerEvent(
        "payment.refused",
        "the same of money settled on the platform",
        ((0, Kind.CLEARING, Kind.SUSPENSE, "gross"),),
        "payment",
        "platform",
    ),
    LedgerEvent(
        "payment.succeeded_late",
        "money arrived under an attempt that had been closed: booked to unapplied, a case is opened",
        (
            (0, Kind.SETTLED_DIRECT, Kind.UNAPPLIED, "gross less fee"),
            (1, Kind.CLEARING, Kind.UNAPPLIED, "fee"),
        ),
        "attempt",
        "direct",
    ),
    LedgerEvent(
        "payment.succeeded_late",
        "the same of money settled on the platform",
        ((0, Kind.CLEARING, Kind.UNAPPLIED, "gross"),),
        "attempt",
        "platform",
    ),
    LedgerEvent(
        "late.applied",
        "a person says that what came late pays the debt after all",
        (
            (0, Kind.UNAPPLIED, Kind.RECEIVABLE, "gross"),
            (1, Kind.BILLED, Kind.FEE_INCOME, "fee on leg 0"),
        ),
        "attempt",
        "direct",
    ),
    LedgerEvent(
        "late.applied",
        "the same of money settled on the platform",
        (
            (0, Kind.UNAPPLIED, Kind.RECEIVABLE, "gross"),
            (1, Kind.BILLED, Kind.FEE_INCOME, "fee on leg 0"),
            (2, Kind.BILLED, Kind.PAYABLE, "leg 0 less its fee"),
        ),
        "attempt",
        "platform",
    ),
    LedgerEvent(
        "late.returned",
        "a person says that they gave back what came late: the mirror of what booked it",
        (
            (0, Kind.UNAPPLIED, Kind.SETTLED_DIRECT, "gross less fee"),
            (1, Kind.UNAPPLIED, Kind.CLEARING, "fee"),
        ),
        "attempt",
        "direct",
    ),
    LedgerEvent(
        "late.returned",
        "the same of money settled on the platform",
        ((0, Kind.UNAPPLIED, Kind.CLEARING, "gross"),),
        "attempt",
        "platform",
    ),
    LedgerEvent(
        "late.reversed",
        "the provider took back what had come late and paid the debt: the mirror, beside that of what booked it",
        (
            (0, Kind.RECEIVABLE, Kind.UNAPPLIED, "gross"),
            (1, Kind.FEE_INCOME, Kind.BILLED, "fee on leg 0"),
        ),
        "attempt",
        "direct",
    ),
    LedgerEvent(
        "late.reversed",
        "the same of money settled on the platform",
        (
            (0, Kind.RECEIVABLE, Kind.UNAPPLIED, "gross"),
            (1, Kind.FEE_INCOME, Kind.BILLED, "fee on leg 0"),
            (2, Kind.PAYABLE, Kind.BILLED, "leg 0 less its fee"),
        ),
        "attempt",
        "platform",
    ),
    LedgerEvent(
        "payment.mismatch",
        "what arrived differs from what was asked: booked as it arrived, to suspense, once per movement",
        (
            (0, Kind.SETTLED_DIRECT, Kind.SUSPENSE, "gross less fee"),
            (1, Kind.CLEARING, Kind.SUSPENSE, "fee"),
        ),
        "provider's movement id",
        "direct",
    ),
    LedgerEvent(
        "payment.mismatch",
        "the same of money settled on the platform",
        ((0, Kind.CLEARING, Kind.SUSPENSE, "gross"),),
        "provider's movement id",
        "platform",
    ),
    LedgerEvent(
        "suspense.applied",
        "a person says that it was the payment's: to what is due, the rest and what came after the end to unapplied",
        (
            (0, Kind.SUSPENSE, Kind.RECEIVABLE, "what is due of it"),
            (1, Kind.SUSPENSE, Kind.UNAPPLIED, "the rest"),
            (2, Kind.BILLED, Kind.FEE_INCOME, "fee on leg 0"),
        ),
        "of the booking in suspense",
        "direct",
    ),
    LedgerEvent(
        "suspense.applied",
        "the same of money settled on the platform",
        (
            (0, Kind.SUSPENSE, Kind.RECEIVABLE, "what is due of it"),
            (1, Kind.SUSPENSE, Kind.UNAPPLIED, "the rest"),
            (2, Kind.BILLED, Kind.FEE_INCOME, "fee on leg 0"),
            (3, Kind.BILLED, Kind.PAYABLE, "leg 0 less its fee"),
        ),
        "of the booking in suspense",
        "platform",
    ),
    LedgerEvent(
        "suspense.reversed",
        "the provider took back what a person had applied: the mirror, beside that of what put it there",
        (
            (0, Kind.RECEIVABLE, Kind.SUSPENSE, "what was due of it"),
            (1, Kind.UNAPPLIED, Kind.SUSPENSE, "the rest"),
            (2, Kind.FEE_INCOME, Kind.BILLED, "fee on leg 0"),
        ),
        "of the booking in suspense",
        "direct",
    ),
    LedgerEvent(
        "suspense.reversed",
        "the same of money settled on the platform",
        (
            (0, Kind.RECEIVABLE, Kind.SUSPENSE, "what was due of it"),
            (1, Kind.UNAPPLIED, Kind.SUSPENSE, "the rest"),
            (2, Kind.FEE_INCOME, Kind.BILLED, "fee on leg 0"),
            (3, Kind.PAYABLE, Kind.BILLED, "leg 0 less its fee"),
        ),
        "of the booking in suspense",
        "platform",
    ),
    LedgerEvent(
        "suspense.returned",
        "a person says that it was given back, or is not ours: the mirror of what put it there",
        (
            (0, Kind.SUSPENSE, Kind.SETTLED_DIRECT, "gross less fee"),
            (1, Kind.SUSPENSE, Kind.CLEARING, "fee"),
        ),
        "of the booking in suspense",
        "direct",
    ),
    LedgerEvent(
        "suspense.returned",
        "the same of money settled on the platform",
        ((0, Kind.SUSPENSE, Kind.CLEARING, "gross"),),
        "of the booking in suspense",
        "platform",
    ),
    LedgerEvent(
        "suspense.returned",
        "a person says of a refund of another amount that nothing is gone, or counts it as a refund of its own by hand",
        ((0, Kind.CLEARING, Kind.SUSPENSE, "gross"),),
        "of the booking in suspense",
        "platform",
    ),
    LedgerEvent(
        "attempt.network_fee",
        "the chain took its fee, for a success or for a failure",
        (
            (0, Kind.NETWORK_FEE, Kind.FEE_PAYER, "network fee of a decline"),
            (1, Kind.NETWORK_FEE, Kind.FEE_PAYER, "network fee of a success"),
        ),
        "attempt",
        "direct",
    ),
    LedgerEvent(
        "attempt.network_fee",
        "the gateway kept its fee back from what it holds for us, for a success or for a failure",
        (
            (0, Kind.NETWORK_FEE, Kind.CLEARING, "gateway's fee of a decline"),
            (1, Kind.NETWORK_FEE, Kind.CLEARING, "gateway's fee of a success"),
        ),
        "attempt, for what was paid once more under it the movement",
        "platform",
    ),
)
