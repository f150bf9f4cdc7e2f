"""Ways in which what a provider took back can break the books, by SQL; and who paid a gateway's or a chain's fee."""

from __future__ import annotations

from tests.ops.breaks import Break, payment

_TWICE = """
    INSERT INTO engine_ledger_transfer SELECT (jsonb_populate_record(t, jsonb_build_object(
        'id', gen_random_uuid(), 'kind', 'payment.left_twice', 'amount_minor', t.amount_minor + 1))).*
      FROM engine_ledger_transfer t WHERE t.kind = 'late.returned' AND t.seq = 1"""

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
        "reversed",
        "more left twice than had come",
        _TWICE,
        {"what": "left twice", "back_minor": 26, "put_minor": 25},
        also=("settlement_legs",),  # no loss of ours
        level=True,
        after=("late.return_money",),
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
