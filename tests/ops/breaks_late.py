"""Ways in which what became of late money can break the books, by SQL, once an approver has said what it was."""

from __future__ import annotations

from tests.ops.breaks import Break
from tests.ops.breaks_taken_out import other, taken

_APPLIED = "kind = 'late.applied' AND seq = {0}"
_RETURNED = "kind = 'late.returned' AND seq = {0}"
_AGAIN = """
    INSERT INTO engine_ledger_transfer SELECT (jsonb_populate_record(t, jsonb_build_object(
        'id', gen_random_uuid(), 'kind', 'late.returned', 'debit_id', t.credit_id, 'credit_id', t.debit_id))).*
      FROM engine_ledger_transfer t WHERE t.kind = 'payment.succeeded_late'"""

LATE = (
    Break(
        "taken_out",
        "late: less than was put in",
        taken("amount_minor = amount_minor - 1", _APPLIED, 0),
        {"what": "another amount or twice", "taken_minor": 999, "put_minor": 1000},
        count=2,  # the fee's share of it, too
        also=("receivables", "invoice_counters"),
        level=True,
        after=("late.apply_money",),
    ),
    Break(
        "taken_out",
        "late: it paid the debt and was given back",
        _AGAIN,
        {"what": "another amount or twice", "taken_minor": 2000, "put_minor": 1000},
        level=True,
        after=("late.apply_money",),
    ),
    Break(
        "taken_out",
        "late: without its fee",
        f"DELETE FROM engine_ledger_transfer WHERE {_APPLIED.format(1)}",
        {"what": "another fee", "taken_minor": 0, "put_minor": 25},
        level=True,
        after=("late.apply_money",),
    ),
    Break(
        "taken_out",
        "late: twenty times its fee",
        taken("amount_minor = 20 * amount_minor", _APPLIED, 1),
        {"what": "another fee", "taken_minor": 500, "put_minor": 25},
        level=True,
        after=("late.apply_money",),
    ),
    Break(
        "taken_out",
        "late: the fee is another creator's",
        other("billed") + taken("debit_id = (SELECT id FROM other)", _APPLIED, 1),
        {"what": "on another account", "seq": 1},
        level=True,
        after=("late.apply_money",),
    ),
    Break(
        "taken_out",
        "late: given back by another creator",
        other("settled_direct") + taken("credit_id = (SELECT id FROM other)", _RETURNED, 0),
        {"what": "not the mirror", "seq": 0},
        level=True,
        after=("late.return_money",),
    ),
)
