"""Ways in which what a payer paid to set a method up can break the books, by SQL, once it was booked."""

from __future__ import annotations

from tests.ops.breaks import Break, payment

_LEG = "UPDATE engine_ledger_transfer SET {0} WHERE kind = 'setup.paid' AND seq = {1}"
_BACK = """
INSERT INTO engine_ledger_transfer
       (id, kind, source_id, seq, debit_id, credit_id, currency, amount_minor, business_at, posted_at)
SELECT gen_random_uuid(), '{0}', {1}, 0, credit_id, debit_id, currency, {2}, business_at, posted_at
  FROM engine_ledger_transfer WHERE kind = 'setup.paid' AND seq = 0"""

SETUPS = (
    Break(
        "setups",
        "another amount is booked than was paid",
        _LEG.format("amount_minor = amount_minor - 1", 0),
        {"what": "not as the chart says", "booked_minor": 499, "expected_minor": 500},
        also=("refunds", "clearing"),
        level=True,
        after=("set_up",),
    ),
    Break(
        "setups",
        "the gateway's fee is not booked",
        "DELETE FROM engine_ledger_transfer WHERE kind = 'setup.paid' AND seq = 1",
        {"what": "not as the chart says", "booked_minor": None, "expected_minor": 7},
        also=("clearing",),
        level=True,
        after=("set_up",),
    ),
    Break(
        "setups",
        "less is given back than was paid",
        payment("amount_minor = amount_minor - 1", "back"),
        {"what": "not given back whole", "booked_minor": 499, "expected_minor": 500},
        also=("refunds", "clearing"),
        after=("set_up",),
    ),
    Break(
        "setups",
        "it was not given back, and nobody is asked",
        payment("state = 'failed', next_action_at = NULL, ended_at = created_at", "back"),
        {"what": "forgotten", "booked_minor": 500},
        after=("set_up",),
    ),
    Break(
        "setups",
        "given back by hand, and nobody was asked",
        _BACK.format("setup.by_hand", "%(back)s", "amount_minor"),
        {"what": "by hand, and nobody was asked", "booked_minor": 500},
        level=True,
        after=("set_up",),
    ),
    Break(
        "setups",
        "less is given back by hand than was left",
        _BACK.format("setup.by_hand", "%(back)s", "amount_minor - 1"),
        {"what": "more or less than was left", "booked_minor": 499, "expected_minor": 500},
        count=2,
        level=True,
        after=("set_up",),
    ),
    Break(
        "setups",
        "counted as given back, and no other amount was",
        _BACK.format("setup.counted", "gen_random_uuid()", "100"),
        {"what": "counted, and went back otherwise", "booked_minor": 100, "expected_minor": None},
        also=("refunds", "clearing"),
        level=True,
        after=("set_up",),
    ),
)
