"""The events of money that payers' banks take back until somebody is right.

Of a dispute that no payment of ours bears nothing is a payee's: dispute_receivable is the suspense of what was taken
back, so that it is not set off against what arrived and is not explained.
"""

from __future__ import annotations

from engine.ledger.kinds import Kind, LedgerEvent

_KEY = "dispute and how often it was corrected"
DISPUTES = (
    LedgerEvent(
        "dispute.opened",
        "a payer's bank took money back: it is away, and the payee's part of it is frozen",
        (
            (0, Kind.DISPUTE_RECEIVABLE, Kind.CLEARING, "amount"),
            (1, Kind.PAYABLE, Kind.FROZEN, "payee's part"),
        ),
        _KEY,
    ),
    LedgerEvent(
        "dispute.corrected",
        "it is of another amount, its payment is known now, or bears more of it: booked anew, also a lost one",
        (
            (0, Kind.CLEARING, Kind.DISPUTE_RECEIVABLE, "amount"),
            (1, Kind.FROZEN, Kind.PAYABLE, "payee's part"),
            (2, Kind.DISPUTE_RECEIVABLE, Kind.FROZEN, "payee's part of a lost one"),
            (3, Kind.DISPUTE_RECEIVABLE, Kind.DISPUTE_LOSS, "amount less payee's part of a lost one"),
        ),
        _KEY,
    ),
    LedgerEvent(
        "dispute.won",
        "it came back",
        (
            (0, Kind.CLEARING, Kind.DISPUTE_RECEIVABLE, "amount"),
            (1, Kind.FROZEN, Kind.PAYABLE, "payee's part"),
        ),
        _KEY,
    ),
    LedgerEvent(
        "dispute.lost",
        "it is gone: the payee bears their part, the platform the rest",
        (
            (0, Kind.FROZEN, Kind.DISPUTE_RECEIVABLE, "payee's part"),
            (1, Kind.DISPUTE_LOSS, Kind.DISPUTE_RECEIVABLE, "amount less payee's part"),
        ),
        _KEY,
    ),
    LedgerEvent(
        "dispute.covered",
        "what it took had paid no debt here: it leaves by `late.returned` or `suspense.returned`, once",
        ((0, Kind.CLEARING, Kind.DISPUTE_LOSS, "what was returned, at most amount"),),
        _KEY,
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
