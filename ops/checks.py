"""The rules of the books, in plain words, each with the query that returns what breaks it (design section 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.core import sql


@dataclass(frozen=True, slots=True)
class Check:
    """A rule and the query for what breaks it. Not `violation`: a list to read, nothing is wrong yet.

    `account_kind` is for the lists of what lies in one kind of account, by age.
    """

    name: str
    sentence: str
    statement: str
    violation: bool = True
    account_kind: str = ""


CHECKS: Sequence[Check] = (
    Check(
        "balances",
        "Each account's stored balance plus its open deltas is the sum of its transfers.",
        sql.statement(__file__, "check_balances"),
    ),
    Check(
        "currency_sums",
        "Over all accounts of a currency, debits and credits cancel out.",
        sql.statement(__file__, "check_currency_sums"),
    ),
    Check(
        "transfer_currencies",
        "Each transfer is between two accounts of its own currency.",
        sql.statement(__file__, "check_transfer_currencies"),
    ),
    Check(
        "settlements",
        "Each succeeded payment has exactly one settlement of its amount, a late one its late booking, and no "
        "other payment has any; behind each stands one succeeded attempt.",
        sql.statement(__file__, "check_settlements"),
    ),
    Check(
        "movements",
        "A movement of money is booked once per payment; of another amount than was asked, to suspense as it arrived.",
        sql.statement(__file__, "check_movements"),
    ),
    Check(
        "taken_out",
        "What a person took out of suspense, or of what came late, is what was put in, once: given back as it came, or "
        "applied with its fee.",
        sql.statement(__file__, "check_taken_out"),
    ),
    Check(
        "reversed",
        "What a provider took back left the books as it had come, whole; no other payment is reversed.",
        sql.statement(__file__, "check_reversed"),
    ),
    Check(
        "refunds",
        "What is given back was paid, and is taken from whom it was; each payment counts its refunds, and refunds "
        "payable is what is under way.",
        sql.statement(__file__, "check_refunds"),
    ),
    Check(
        "setups",
        "What a payer paid to set a method up is booked once, with what the gateway kept of it; it is given back, is "
        "on its way, or a case.",
        sql.statement(__file__, "check_setups"),
    ),
    Check(
        "disputes",
        "A dispute is booked once as it stands, with what it cost; what is away and frozen is of open ones alone.",
        sql.statement(__file__, "check_disputes"),
    ),
    Check(
        "settlement_legs",
        "Each leg of a posting lies on the accounts and has the amount that the chart says; none is missing.",
        sql.statement(__file__, "check_settlement_legs"),
    ),
    Check(
        "clearing",
        "What lies at each provider, and what its network took, is what the outside world said of it.",
        sql.statement(__file__, "check_clearing"),
    ),
    Check(
        "receivables",
        "What a customer owes in the ledger is what is left of their open invoices, per currency.",
        sql.statement(__file__, "check_receivables"),
    ),
    Check(
        "invoice_counters",
        "Each invoice is collecting what its open payments ask for and has collected what its succeeded ones "
        "brought; a paid one has all of it.",
        sql.statement(__file__, "check_invoice_counters"),
    ),
    Check(
        "guarded",
        "No guarded account is overdrawn.",
        sql.statement(__file__, "check_guarded"),
    ),
    Check(
        "network_fees",
        "What the network took for an attempt is booked once.",
        sql.statement(__file__, "check_network_fees"),
    ),
    Check(
        "series",
        "The invoice numbers of each series run from 1 to its last without gaps or doubles.",
        sql.statement(__file__, "check_series"),
    ),
    Check(
        "periods",
        "A subscription's periods follow each other without gap or overlap, each billed once.",
        sql.statement(__file__, "check_periods"),
    ),
    Check(
        "unresolved_attempts",
        "A payment has at most one attempt that may still act.",
        sql.statement(__file__, "check_unresolved_attempts"),
    ),
    Check(
        "in_flight",
        "A payment is in flight if and only if one of its attempts may still act.",
        sql.statement(__file__, "check_in_flight"),
    ),
    Check(
        "next_actions",
        "Each payment has a next action, has ended, or is parked.",
        sql.statement(__file__, "check_next_actions"),
    ),
    Check(
        "suspense_old",
        "Nothing has been in suspense for longer than the limit.",
        sql.statement(__file__, "check_open_credits"),
        account_kind="suspense",
    ),
    Check(
        "suspense",
        "In suspense: arrived and not explained yet.",
        sql.statement(__file__, "check_open_credits"),
        violation=False,
        account_kind="suspense",
    ),
    Check(
        "unapplied",
        "Unapplied: arrived late or beyond what was due, and still the customer's.",
        sql.statement(__file__, "check_open_credits"),
        violation=False,
        account_kind="unapplied",
    ),
    Check(
        "evidence",
        "Evidence that waits to be applied for longer than the limit.",
        sql.statement(__file__, "check_evidence"),
        violation=False,
    ),
    Check(
        "parked",
        "Payments that wait for a person.",
        sql.statement(__file__, "check_parked"),
        violation=False,
    ),
    Check(
        "held",
        "Subscriptions and drafts that billing set aside with a reason, until somebody releases them.",
        sql.statement(__file__, "check_held"),
        violation=False,
    ),
    Check(
        "unasked",
        "Open invoices that nobody asks for though they would be collected by themselves: they say no reason, or that "
        "a person decides, and nobody has to any more. Trigger their subscriptions.",
        sql.statement(__file__, "check_unasked"),
        violation=False,
    ),
    Check(
        "unnumbered",
        "Invoices that were issued and have had no number for longer than the limit of evidence.",
        sql.statement(__file__, "check_unnumbered"),
        violation=False,
    ),
    Check(
        "stopped",
        "Payments that were told to stop, and were not taken back for longer than the limit of evidence.",
        sql.statement(__file__, "check_stopped"),
        violation=False,
    ),
)
