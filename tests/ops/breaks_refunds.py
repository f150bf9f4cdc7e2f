"""Ways in which refunds can break the books, by SQL, once one was asked for (by hand: its rail gives nothing back)."""

from __future__ import annotations

from tests.ops.breaks import Break, account, payment

_OF_IT = "source_id = (SELECT id FROM payments_refund WHERE payment_id = %(paid)s)"
_LEG = "UPDATE engine_ledger_transfer SET {0} WHERE kind = '{1}' AND seq = {2} AND " + _OF_IT

REFUNDS = (
    Break(
        "refunds",
        "less was taken than is to be given back",
        _LEG.format("amount_minor = amount_minor - 1", "refund.requested", 0),
        {"what": "not as the chart says", "booked_minor": 389, "expected_minor": 390},
        count=2,
        level=True,
        after=("refund",),
    ),
    Break(
        "refunds",
        "taken from another creator",
        "WITH other AS (INSERT INTO engine_ledger_account (kind, owner_id, currency, balance_minor)"
        " VALUES ('billed', gen_random_uuid(), 'USDC', 0) RETURNING id) "
        + _LEG.format("debit_id = (SELECT id FROM other)", "refund.requested", 0),
        {"what": "not as the chart says", "booked_minor": 390, "expected_minor": 390},
        level=True,
        after=("refund",),
    ),
    Break(
        "refunds",
        "given up, and not given back to whom it was taken from",
        "UPDATE payments_refund SET state = 'canceled' WHERE payment_id = %(paid)s",
        {"what": "not as the chart says", "booked_minor": None, "expected_minor": 390},
        count=4,
        after=("refund",),
    ),
    Break(
        "refunds",
        "done by hand, and another amount left",
        _LEG.format("amount_minor = amount_minor + 1", "refund.by_hand", 0),
        {"what": "not as the chart says", "booked_minor": 391, "expected_minor": 390},
        count=2,
        level=True,
        after=("refund", "record"),
    ),
    Break(
        "refunds",
        "not counted as on its way",
        payment("refunding_minor = refunding_minor - 1", "paid"),
        {"what": "refunding", "booked_minor": 399, "expected_minor": 400},
        after=("refund",),
    ),
    Break(
        "refunds",
        "counted as given back, and was not",
        payment("refunded_minor = 1", "paid"),
        {"what": "refunded", "booked_minor": 1, "expected_minor": 0},
        also=("invoice_counters",),
    ),
    Break(
        "refunds",
        "to be given back to nobody",
        f"""INSERT INTO engine_ledger_transfer (id, kind, source_id, seq, debit_id, credit_id, currency, amount_minor,
              business_at, posted_at)
            SELECT gen_random_uuid(), 'made.up', source_id, 9, {account("fee_income")}, credit_id, currency, 5,
                   business_at, posted_at
              FROM engine_ledger_transfer WHERE kind = 'refund.requested' AND seq = 0 AND {_OF_IT}""",
        {"what": "refunds payable", "of": "USDC", "booked_minor": 405, "expected_minor": 400},
        level=True,
        after=("refund",),
    ),
    Break(
        "refunds",
        "more of the fee than there was",
        "UPDATE payments_refund SET fee_minor = 26 WHERE payment_id = %(paid)s",
        {"what": "fee", "booked_minor": 26, "expected_minor": 25},
        count=3,
        after=("refund",),
    ),
    Break(
        "refunds",
        "all of it given back, and less than its fee",
        "UPDATE payments_refund SET fee_minor = 24 WHERE payment_id = %(paid)s",
        {"what": "fee", "booked_minor": 24, "expected_minor": 25},
        count=3,
        after=("refund_all",),
    ),
    Break(
        "invoice_counters",
        "its refund is not shown",
        "UPDATE billing_invoice SET refunded_minor = refunded_minor - 1"
        " WHERE id = (SELECT source_id FROM payments_payment WHERE id = %(paid)s)",
        {"refunded_minor": 399, "payments_refunded_minor": 400},
        after=("refund", "record"),
    ),
    Break(
        "clearing",
        "recorded as done by nobody",
        "UPDATE payments_refund SET recorded_by = '' WHERE payment_id = %(paid)s",
        {"kind": "clearing:scripted"},
        also=("refunds",),
        after=("refund", "record"),
    ),
)
