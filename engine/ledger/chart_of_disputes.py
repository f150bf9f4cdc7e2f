"""The events of money that payers' banks take back until somebody is right."""

from __future__ import annotations

from engine.ledger.kinds import Kind, LedgerEvent

DISPUTES = (
    LedgerEvent(
        "dispute.opened",
        "a payer's bank took money back: it is away, and the payee's part of it is frozen",
        (
            (0, Kind.DISPUTE_RECEIVABLE, Kind.CLEARING, "amount"),
            (1, Kind.PAYABLE, Kind.FROZEN, "payee's part"),
        ),
        "dispute",
    ),
    LedgerEvent(
        "dispute.won",
        "it came back",
        (
            (0, Kind.CLEARING, Kind.DISPUTE_RECEIVABLE, "amount"),
            (1, Kind.FROZEN, Kind.PAYABLE, "payee's part"),
        ),
        "dispute",
    ),
    LedgerEvent(
        "dispute.lost",
        "it is gone: the payee bears their part, the platform the rest",
        (
            (0, Kind.FROZEN, Kind.DISPUTE_RECEIVABLE, "payee's part"),
            (1, Kind.DISPUTE_LOSS, Kind.DISPUTE_RECEIVABLE, "amount less payee's part"),
        ),
        "dispute",
    ),
    LedgerEvent(
        "dispute.cost",
        "the provider asks for a dispute, or for more than before",
        ((0, Kind.DISPUTE_LOSS, Kind.CLEARING, "what is asked beyond what was booked"),),
        "dispute and how often",
    ),
    LedgerEvent(
        "dispute.cost_returned",
        "the provider gives some of that back",
        ((0, Kind.CLEARING, Kind.DISPUTE_LOSS, "what was booked beyond what is asked"),),
        "dispute and how often",
    ),
)
