"""Ways in which what a provider took back can break the books, by SQL; and who paid a gateway's or a chain's fee."""

from __future__ import annotations

from tests.ops.breaks import Break, payment

REVERSED = (
    Break(
        "reversed",
        "reversed, and still booked as paid",
        payment("state = 'reversed'", "paid"),
        {"what": "not booked"},
    ),
    Break(
        "reversed",
        "not the mirror",
        "UPDATE engine_ledger_transfer SET kind = 'payment.reversed'"
        " WHERE kind = 'payment.succeeded' AND seq = 2 AND source_id = %(paid)s",
        {"what": "not the mirror", "seq": 2},
        count=3,
        also=("settlement_legs", "clearing"),
    ),
    Break(
        "reversed",
        "of what was applied since, not the mirror",
        "UPDATE engine_ledger_transfer SET kind = 'suspense.reversed' WHERE kind = 'suspense.applied' AND seq = 2",
        {"what": "not the mirror", "seq": 2},
        count=4,
        also=("settlement_legs", "taken_out"),
        after=("apply_money",),
    ),
    Break(
        "network_fees",
        "paid from another purse",
        "UPDATE engine_ledger_transfer SET credit_id = (SELECT min(id) FROM engine_ledger_account"
        " WHERE kind = 'suspense' AND currency = 'SOL') WHERE kind = 'attempt.network_fee' AND source_id ="
        " (SELECT id FROM payments_attempt WHERE payment_id = %(paid)s)",
        {"payer": "suspense", "chart_payer": "fee_payer"},
        also=("settlement_legs", "clearing"),
        level=True,
    ),
)
