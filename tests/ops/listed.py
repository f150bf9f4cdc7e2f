"""What check_books only lists, by SQL: a person is to look at it, and no rule of the books is broken."""

from __future__ import annotations

from tests.ops.breaks import Break, invoice, payment

LISTED = (
    Break(
        "unasked",
        "a failed payment whose reason is gone",
        invoice("reason_code = '', reason = ''", "declined"),
        {"due_minor": 1000, "collected_minor": 0, "period_no": 1},
    ),
    Break(
        "stopped",
        "nobody takes it back",
        payment("stop_code = 'method_changed', next_action_at = created_at - interval '1 hour'", "waiting"),
        {"stop_code": "method_changed"},
    ),
)
NOT_LISTED = {
    "its subscription is not billed": """
        WITH s AS (UPDATE billing_subscription SET state = 'paused', next_due_at = NULL)
        """
    + invoice("reason_code = ''", "declined"),
    "it is paid by hand": "WITH s AS (UPDATE billing_subscription SET auto_pay = false) "
    + invoice("reason_code = ''", "declined"),
    "its method is gone": "WITH m AS (UPDATE payments_paymentmethod SET state = 'removed') "
    + invoice("reason_code = ''", "declined"),
    "it was told a moment ago": payment("stop_code = 'x', next_action_at = created_at", "waiting"),
    "it is parked": payment(
        "stop_code = 'x', next_action_at = NULL, parked_at = created_at, parked_reason = 'a drill'", "waiting"
    ),
}
