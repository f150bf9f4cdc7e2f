"""Ways in which what left suspense can break the books, by SQL, once an approver has said whose money it was."""

from __future__ import annotations

from tests.ops.breaks import Break, account, payment

_APPLIED = "kind = 'suspense.applied' AND seq = {0}"
_RETURNED = "kind = 'suspense.returned' AND seq = {0}"


def taken(change: str, where: str, seq: int) -> str:
    return f"UPDATE engine_ledger_transfer SET {change} WHERE {where.format(seq)}"


def other(kind: str) -> str:
    """An account of the same kind and another owner, for `taken`."""
    return f"""WITH other AS (INSERT INTO engine_ledger_account (kind, owner_id, currency, balance_minor)
                 VALUES ('{kind}', gen_random_uuid(), 'USDC', 0) RETURNING id) """


TAKEN_OUT = (
    Break(
        "taken_out",
        "less than was put in",
        taken("amount_minor = amount_minor - 1", _APPLIED, 0),
        {"what": "another amount or twice", "taken_minor": 899, "put_minor": 900},
        also=("settlements", "receivables"),
        level=True,
        after=("apply_money",),
    ),
    Break(
        "taken_out",
        "applied and given back",
        taken("kind = 'suspense.returned'", _APPLIED, 2),
        {"what": "another amount or twice", "taken_minor": 900, "put_minor": 900},
        count=3,
        also=("settlement_legs", "clearing"),
        after=("apply_money",),
    ),
    Break(
        "taken_out",
        "given back to another creator",
        other("settled_direct") + taken("credit_id = (SELECT id FROM other)", _RETURNED, 0),
        {"what": "not the mirror", "seq": 0},
        level=True,
        after=("return_money",),
    ),
    Break(
        "taken_out",
        "the fee is another creator's",
        other("billed") + taken("debit_id = (SELECT id FROM other)", _APPLIED, 2),
        {"what": "on another account", "seq": 2},
        level=True,
        after=("apply_money",),
    ),
    Break(
        "taken_out",
        "another fee",
        taken("amount_minor = amount_minor + 1", _APPLIED, 2),
        {"what": "another fee", "taken_minor": 23, "put_minor": 22},
        level=True,
        after=("apply_money",),
    ),
    Break(
        "taken_out",
        "a payee's part of what went to them directly",
        f"""INSERT INTO engine_ledger_transfer (id, kind, source_id, seq, debit_id, credit_id, currency, amount_minor,
              business_at, posted_at)
            SELECT gen_random_uuid(), kind, source_id, 3, debit_id, {account("payable")}, currency, 1, business_at,
                   posted_at
              FROM engine_ledger_transfer WHERE {_APPLIED.format(2)}""",
        {"what": "another fee", "taken_minor": 22, "put_minor": 22},
        count=2,
        level=True,
        after=("apply_money",),
    ),
    Break(
        "settlements",
        "applied with another amount than it settled",
        payment("settled_minor = settled_minor - 1", "differs"),
        {"settlements": 0, "settled_minor": 899, "booked_minor": 900},
        also=("invoice_counters",),
        after=("apply_money",),
    ),
    Break(
        "settlements",
        "succeeded by what is not applied",
        f"DELETE FROM engine_ledger_transfer WHERE {_APPLIED.format(0)}",
        {"settlements": 0, "settled_minor": 900, "booked_minor": 0},
        also=("taken_out", "receivables"),
        level=True,
        after=("apply_money",),
    ),
    Break(
        "settlements",
        "applied to what is due, and not succeeded",
        payment("state = 'canceled'", "differs"),
        {"state": "canceled", "booked_minor": 900},
        also=("invoice_counters",),
        after=("apply_money",),
    ),
    Break(
        "settlements",
        "less is unapplied than came late",
        payment("settled_minor = settled_minor + 1", "differs"),
        {"state": "succeeded_late", "settled_minor": 901, "late_bookings": 0},
        after=("end_payment", "apply_money"),
    ),
    Break(
        "clearing",
        "what was given back lies there still",
        taken(f"credit_id = {account('settled_direct')}", _RETURNED, 1),
        {"kind": "clearing:scripted"},
        also=("taken_out", "settlement_legs"),
        level=True,
        after=("return_money",),
    ),
    Break(
        "suspense_old",
        "the older of two, where the newer was taken out",
        """INSERT INTO engine_ledger_transfer SELECT (jsonb_populate_record(t, jsonb_build_object(
             'id', gen_random_uuid(), 'source_id', gen_random_uuid(), 'amount_minor', 900,
             'posted_at', t.posted_at - interval '30 days'))).*
             FROM engine_ledger_transfer t WHERE t.kind = 'payment.mismatch' AND t.seq = 0""",
        {"open_minor": 900},
        also=("movements",),
        level=True,
        after=("return_money",),
    ),
)
