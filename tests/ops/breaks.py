"""Every way in which a rule of the books can be broken, by SQL: one per OR branch of its query, alone.

Each says what the reported row shows, so that a branch that is taken away is missed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Break:
    """`also`: other rules that the same sabotage breaks. `level`: balances are made to fit it again.

    `after`: what an approver does first to the payment of which another amount arrived, and to its case.
    """

    rule: str
    what: str
    statement: str
    row: dict[str, Any] = field(default_factory=dict)
    count: int = 1
    also: tuple[str, ...] = ()
    level: bool = False
    after: tuple[str, ...] = ()


_INVOICE_OF = "(SELECT source_id FROM payments_payment WHERE id = %({0})s)"
_SUBSCRIPTION_OF = (
    "(SELECT subscription_id FROM billing_invoice i JOIN payments_payment p ON p.source_id = i.id"
    " WHERE p.id = %({0})s)"
)


def invoice(change: str, name: str) -> str:
    return f"UPDATE billing_invoice SET {change} WHERE id = {_INVOICE_OF.format(name)}"


def payment(change: str, name: str) -> str:
    return f"UPDATE payments_payment SET {change} WHERE id = %({name})s"


def _leg(change: str, kind: str, seq: int, name: str) -> str:
    of_it = f"kind = '{kind}' AND seq = {seq} AND source_id = %({name})s"
    return f"UPDATE engine_ledger_transfer SET {change} WHERE {of_it}"


def account(kind: str, currency: str = "USDC") -> str:
    return f"(SELECT min(id) FROM engine_ledger_account WHERE kind = '{kind}' AND currency = '{currency}')"


def _evidence(change: str, name: str, outcome: str) -> str:
    return f"UPDATE payments_evidence SET {change} WHERE payment_id = %({name})s AND outcome = '{outcome}'"


_FINALIZED = "UPDATE engine_ledger_transfer SET {0} WHERE kind = 'invoice.finalized' AND source_id = " + (
    _INVOICE_OF.format("paid")
)
_SECOND_SUCCESS = """
    INSERT INTO payments_attempt SELECT (jsonb_populate_record(a, jsonb_build_object(
        'id', gen_random_uuid(), 'seq', 9, 'identity', 'another'))).* FROM payments_attempt a
     WHERE payment_id = %(paid)s"""

MONEY = (
    Break(
        "balances",
        "a stored balance is off",
        """UPDATE engine_ledger_account a SET balance_minor = a.balance_minor + o.off
          FROM (SELECT id, CASE WHEN row_number() OVER (ORDER BY id) = 1 THEN 7 ELSE -7 END AS off
                  FROM engine_ledger_account WHERE kind IN ('billed', 'fee_income') AND currency = 'USDC'
                 ORDER BY id LIMIT 2) o WHERE a.id = o.id""",
        count=2,
    ),
    Break(
        "balances",
        "a delta of no account",
        "INSERT INTO engine_ledger_delta (account_id, amount_minor) VALUES (-1, 5)",
        {"account_id": -1, "kind": None, "balance_minor": 5, "transfers_minor": 0},
    ),
    Break(
        "transfer_currencies",
        "the debit is of another currency",
        _FINALIZED.format(f"debit_id = {account('network_fee', 'SOL')}"),
        {"currency": "USDC", "debit_currency": "SOL", "credit_currency": "USDC"},
        also=("balances", "settlement_legs"),
    ),
    Break(
        "transfer_currencies",
        "the credit is of another currency",
        _FINALIZED.format(f"credit_id = {account('network_fee', 'SOL')}"),
        {"currency": "USDC", "debit_currency": "USDC", "credit_currency": "SOL"},
        also=("balances", "settlement_legs"),
    ),
    Break(
        "settlements",
        "another amount",
        payment("settled_minor = settled_minor + 1", "paid"),
        {"settlements": 1, "settled_minor": 1001, "booked_minor": 1000},
    ),
    Break(
        "settlements",
        "booked twice",
        f"WITH again AS ({_SECOND_SUCCESS} RETURNING 1) "
        + _leg("kind = 'payment.refused'", "payment.succeeded", 1, "paid"),
        {"settlements": 2, "booked_minor": 1000, "succeeded_attempts": 2},
        also=("settlement_legs",),
    ),
    Break(
        "settlements",
        "settled, and not succeeded",
        payment("state = 'failed'", "paid"),
        {"state": "failed", "settlements": 1},
        also=("invoice_counters",),
    ),
    Break(
        "settlements",
        "a late one of another amount",
        payment("settled_minor = settled_minor + 1", "late"),
        {"state": "succeeded_late", "settled_minor": 1001, "late_bookings": 1},
    ),
    Break(
        "settlements",
        "no succeeded attempt behind it",
        "UPDATE payments_attempt SET state = 'declined' WHERE payment_id = %(paid)s",
        {"settlements": 1, "succeeded_attempts": 0},
    ),
    Break(
        "movements",
        "booked as a success and late",
        """INSERT INTO payments_evidence SELECT (jsonb_populate_record(e, jsonb_build_object(
             'id', gen_random_uuid(), 'attempt_id', a.id, 'verdict', 'late'))).*
             FROM payments_evidence e, payments_attempt a
            WHERE e.payment_id = %(paid)s AND e.verdict = 'succeeded' AND a.payment_id = %(paid)s""",
        {"movement": "m", "bookings": 2},
    ),
    Break(
        "movements",
        "in suspense with another amount",
        """UPDATE engine_ledger_transfer SET amount_minor = amount_minor - 1
            WHERE kind = 'payment.mismatch' AND seq = 0""",
        {"movement": "other", "differs_minor": 900, "suspense_minor": 899},
        level=True,
    ),
    Break(
        "movements",
        "in suspense of nobody",
        """UPDATE engine_ledger_transfer SET source_id = gen_random_uuid()
            WHERE kind = 'payment.mismatch' AND seq = 1""",
        {"movement": None, "differs_minor": None, "suspense_minor": 25},
        count=2,
    ),
    Break(
        "movements",
        "ended as differing, and nothing is booked",
        """UPDATE payments_attempt SET state = 'succeeded', failure_code = 'amount_differs'
            WHERE payment_id = %(pending)s""",
        {"bookings": 0, "suspense_minor": None},
        also=("in_flight",),
    ),
    Break(
        "settlement_legs",
        "a leg is missing",
        "DELETE FROM engine_ledger_transfer WHERE kind = 'payment.succeeded' AND seq = 2 AND source_id = %(paid)s",
        {"seq": 2, "amount_minor": None, "chart_credit": "fee_income", "chart_minor": 25},
        level=True,
    ),
    Break(
        "settlement_legs",
        "another amount",
        _leg("amount_minor = 26", "payment.succeeded", 2, "paid"),
        {"seq": 2, "amount_minor": 26, "chart_minor": 25},
        level=True,
    ),
    Break(
        "settlement_legs",
        "another creator's account of the same kind",
        """WITH other AS (INSERT INTO engine_ledger_account (kind, owner_id, currency, balance_minor)
             VALUES ('billed', gen_random_uuid(), 'USDC', 0) RETURNING id) """
        + _leg("debit_id = (SELECT id FROM other)", "payment.succeeded", 2, "paid"),
        {"debit": "billed", "chart_debit": "billed", "amount_minor": 25, "chart_minor": 25},
        level=True,
    ),
    Break(
        "settlement_legs",
        "a leg too many",
        f"""INSERT INTO engine_ledger_transfer (id, kind, source_id, seq, debit_id, credit_id, currency, amount_minor,
              business_at, posted_at)
            SELECT gen_random_uuid(), kind, source_id, 3, debit_id, {account("payable")}, currency, 975, business_at,
                   posted_at
              FROM engine_ledger_transfer WHERE kind = 'payment.succeeded' AND seq = 2 AND source_id = %(paid)s""",
        {"seq": 3, "debit": "billed", "credit": "payable", "chart_minor": None},
        level=True,
    ),
    Break(
        "settlement_legs",
        "on an account that the chart does not name",
        _FINALIZED.format(f"credit_id = {account('fee_income')}"),
        {"kind": "invoice.finalized", "credit": "fee_income", "chart_credit": None},
        level=True,
    ),
    Break(
        "clearing",
        "the outside world says another fee",
        _evidence("fee_minor = fee_minor + 1", "paid", "succeeded"),
        {"kind": "clearing:scripted", "currency": "USDC"},
    ),
    Break(
        "clearing",
        "the fees of direct pulls lie elsewhere",
        f"""UPDATE engine_ledger_transfer SET debit_id = {account("settled_direct")}
             WHERE debit_id = {account("clearing:scripted")}""",
        {"kind": "clearing:scripted", "booked_minor": 0},
        also=("settlement_legs",),
        level=True,
    ),
    Break(
        "clearing",
        "the network's fees are taken from nobody's wallet",
        f"""UPDATE engine_ledger_transfer SET credit_id = {account("suspense", "SOL")}
             WHERE kind = 'attempt.network_fee'""",
        {"kind": "fee_payer", "booked_minor": 0, "said_minor": -20000},
        also=("settlement_legs", "network_fees"),
        level=True,
    ),
    Break(
        "clearing",
        "the network's fees are no expense",
        f"""UPDATE engine_ledger_transfer SET debit_id = {account("suspense", "SOL")}
             WHERE kind = 'attempt.network_fee'""",
        {"kind": "network_fee", "booked_minor": 0, "said_minor": 20000},
        also=("settlement_legs",),
        level=True,
    ),
    Break(
        "guarded",
        "overdrawn",
        "UPDATE engine_ledger_account SET guarded = true WHERE kind = 'settled_direct' AND currency = 'USDC'",
        {"kind": "settled_direct"},
    ),
    Break(
        "network_fees",
        "another amount",
        _evidence("network_fee_minor = network_fee_minor + 1", "declined", "declined"),
        {"taken_minor": 5001, "booked_minor": 5000},
    ),
    Break(
        "network_fees",
        "another currency",
        _evidence("network_currency = 'EUR'", "declined", "declined"),
        {"currency": "EUR", "taken_minor": 5000, "booked_minor": 5000},
    ),
    Break(
        "suspense_old",
        "for thirty days",
        """UPDATE engine_ledger_transfer SET posted_at = posted_at - interval '30 days'
            WHERE kind = 'payment.mismatch'""",
        {"open_minor": 875},
        count=2,
    ),
)

STATES = (
    Break(
        "receivables",
        "more is due than is booked",
        invoice("due_minor = due_minor + 5", "waiting"),
        {"receivable_minor": 1000, "open_invoices_minor": 1005},
    ),
    Break(
        "receivables",
        "a currency that nothing is booked in",
        invoice("currency = 'EUR'", "waiting"),
        {"currency": "EUR", "receivable_minor": 0, "open_invoices_minor": 1000},
        count=2,
    ),
    Break(
        "invoice_counters",
        "a payment for no invoice",
        payment("source_id = gen_random_uuid()", "declined"),
        {"state": None, "due_minor": None, "payments_collecting_minor": 0},
    ),
    Break(
        "invoice_counters",
        "collecting",
        invoice("collecting_minor = collecting_minor - 1", "waiting"),
        {"collecting_minor": 999, "payments_collecting_minor": 1000},
    ),
    Break(
        "invoice_counters",
        "collected",
        invoice("collected_minor = 1", "declined"),
        {"state": "open", "collected_minor": 1, "payments_collected_minor": 0},
        also=("receivables",),
    ),
    Break(
        "invoice_counters",
        "paid, and not all of it",
        invoice("state = 'paid'", "declined"),
        {"state": "paid", "due_minor": 1000, "collected_minor": 0, "payments_collected_minor": 0},
        also=("receivables",),
    ),
    Break(
        "series",
        "a number is missing",
        "UPDATE billing_invoice SET number = NULL WHERE number = 2",
        {"last": 12, "given": 11, "lowest": 1, "highest": 12},
    ),
    Break(
        "series",
        "a number beyond the last",
        "UPDATE billing_invoice SET number = number + 1 WHERE number = (SELECT max(number) FROM billing_invoice)",
        {"last": 12, "given": 12, "lowest": 1, "highest": 13},
    ),
    Break(
        "series",
        "it does not begin with one",
        "UPDATE billing_invoice SET number = 0 WHERE number = 1",
        {"last": 12, "given": 12, "lowest": 0, "highest": 12},
    ),
    Break(
        "periods",
        "a period without an invoice",
        f"UPDATE billing_subscription SET period_no = period_no + 1 WHERE id = {_SUBSCRIPTION_OF.format('paid')}",
        {"period_no": 3, "invoices": 2, "highest_period_no": 1, "breaks": 0},
    ),
    Break(
        "periods",
        "a period that did not come yet",
        invoice("period_no = 5", "paid"),
        {"period_no": 2, "invoices": 2, "highest_period_no": 5, "breaks": 0},
    ),
    Break(
        "periods",
        "it ends before it begins",
        invoice("period_end = period_start", "paid"),
        {"period_no": 2, "invoices": 2, "highest_period_no": 1, "breaks": 1},
    ),
    Break(
        "periods",
        "a gap",
        invoice("period_start = period_start + interval '1 hour'", "paid"),
        {"period_no": 2, "invoices": 2, "highest_period_no": 1, "breaks": 1},
    ),
    Break(
        "periods",
        "an overlap across a pause",
        f"""WITH s AS (UPDATE billing_subscription SET period_no = 3, periods_skipped = 1
                        WHERE id = {_SUBSCRIPTION_OF.format("paid")}) """
        + invoice("period_no = 2, period_start = period_start - interval '1 hour'", "paid"),
        {"period_no": 3, "periods_skipped": 1, "invoices": 2, "highest_period_no": 2, "breaks": 1},
    ),
    Break(
        "unresolved_attempts",
        "two at once",
        _SECOND_SUCCESS.replace("paid", "pending"),
        {"unresolved": 2},
    ),
    Break(
        "in_flight",
        "nothing of it may act",
        "UPDATE payments_attempt SET state = 'declined' WHERE payment_id = %(pending)s",
        {"state": "in_flight", "attempt_state": None},
    ),
    Break(
        "in_flight",
        "an attempt may act, and it is not in flight",
        payment("state = 'scheduled'", "pending"),
        {"state": "scheduled", "attempt_state": "pending"},
    ),
    Break(
        "next_actions",
        "nothing to do, and not at its end",
        payment("next_action_at = NULL", "waiting"),
        {"state": "scheduled"},
    ),
)

BREAKS = MONEY + STATES

SOUND = {
    "an invoice that nobody will pay is still owed": invoice("state = 'uncollectible'", "declined"),
    "a parked payment has no next action": payment(
        "next_action_at = NULL, parked_at = created_at, parked_reason = 'a drill'", "waiting"
    ),
    "an open attempt of which another amount was said": "UPDATE payments_attempt SET failure_code = 'amount_differs' "
    "WHERE payment_id = %(pending)s",
}
