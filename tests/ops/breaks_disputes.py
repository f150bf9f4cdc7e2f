"""Ways in which disputes can break the books, by SQL. No payment of these books is disputed: its rail knows none."""

from __future__ import annotations

from tests.ops.breaks import Break, account, payment

_TRANSFER = """INSERT INTO engine_ledger_transfer (id, kind, source_id, seq, debit_id, credit_id, currency,
              amount_minor, business_at, posted_at)
            SELECT gen_random_uuid(), '{0}', id, 0, {1}, {2}, 'USDC', 5, created_at, created_at
              FROM payments_payment WHERE id = %(paid)s"""
_AWAY = """WITH a AS (INSERT INTO engine_ledger_account (kind, currency, balance_minor)
                 VALUES ('{0}', 'USDC', 0) RETURNING id) """

DISPUTES = (
    Break(
        "disputes",
        "disputed by nobody",
        payment("disputed_minor = 1", "paid"),
        {"what": "disputed", "booked_minor": 1, "expected_minor": 0},
    ),
    Break(
        "disputes",
        "opened for no dispute",
        _TRANSFER.format("dispute.opened", account("fee_income"), account("suspense")),
        {"what": "not as the chart says", "booked_minor": 5, "expected_minor": None},
        also=("settlement_legs",),
        level=True,
    ),
    Break(
        "disputes",
        "covered for no dispute",
        _TRANSFER.format("dispute.covered", account("fee_income"), account("suspense")),
        {"what": "covered", "booked_minor": 5, "expected_minor": None},
        also=("clearing", "settlement_legs"),
        level=True,
    ),
    Break(
        "disputes",
        "away for no dispute",
        _AWAY.format("dispute_receivable")
        + _TRANSFER.format("made.up", "(SELECT id FROM a)", account("suspense")),
        {"what": "open disputes", "booked_minor": 5, "expected_minor": 0},
        level=True,
    ),
    Break(
        "disputes",
        "frozen for no dispute",
        _AWAY.format("frozen") + _TRANSFER.format("made.up", account("suspense"), "(SELECT id FROM a)"),
        {"what": "open disputes", "booked_minor": 0, "expected_minor": 0},
        level=True,
    ),
)
