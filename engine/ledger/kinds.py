"""What accounts there are, and what an event of the ledger is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Account kinds. Whose they are stands in brackets."""

    RECEIVABLE = "receivable"  # [customer] what a customer owes on open invoices
    BILLED = "billed"  # [creator] what was billed for a creator and goes to them directly
    PAYABLE = "payable"  # [creator] what we hold for a creator and owe them
    SETTLED_DIRECT = "settled_direct"  # [creator] what payers sent a creator in one step
    CLEARING = "clearing"  # [platform, per provider] money that is ours to hold at a provider
    FEE_INCOME = "fee_income"  # [platform] the platform's share
    NETWORK_FEE = "network_fee"  # [platform] what chains and gateways cost us
    FEE_PAYER = "fee_payer"  # [platform] the hot wallet that pays network fees
    REFUNDS_PAYABLE = "refunds_payable"  # [platform] to be given back to payers, not done yet
    FROZEN = "frozen"  # [creator] the part of a payable that a payer disputes
    DISPUTE_RECEIVABLE = "dispute_receivable"  # [platform] taken back by payers' banks, not decided yet
    DISPUTE_LOSS = "dispute_loss"  # [platform] lost by disputes, and what they cost
    UNAPPLIED = "unapplied"  # [customer] arrived late or beyond what was due
    SUSPENSE = "suspense"  # [platform] arrived and not explained yet
    WRITE_OFF = "write_off"  # [platform] given up


@dataclass(frozen=True)
class LedgerEvent:
    """One kind of posting: when, its legs as (seq, debit, credit, amount), and its key's source.

    `settlement` is the payment's, where the legs depend on it; `setup` is what gives a set-up's money back. A leg whose
    amount is zero is not booked. check_books holds every transfer to these rows (ops/sql/check_settlement_legs.sql).
    """

    kind: str
    when: str
    legs: tuple[tuple[int, str, str, str], ...]
    source: str
    settlement: str = ""
