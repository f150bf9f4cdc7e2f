"""The chart of accounts and the events that move them. docs/ledger.md is made from it.

A transfer debits one account and credits another by the same amount, so the books balance by
construction. Balances are debits less credits.
"""

from __future__ import annotations

from engine.ledger.chart_of_disputes import DISPUTES
from engine.ledger.chart_of_payments import PAYMENTS
from engine.ledger.chart_of_refunds import REFUNDS
from engine.ledger.chart_of_reversals import REVERSALS
from engine.ledger.chart_of_setups import SETUPS
from engine.ledger.kinds import Kind, LedgerEvent

__all__ = ["EVENTS", "Kind", "LedgerEvent"]

EVENTS = (*PAYMENTS, *REVERSALS, *REFUNDS, *SETUPS, *DISPUTES)
