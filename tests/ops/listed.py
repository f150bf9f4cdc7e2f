"""What check_books only lists, by SQL: a person is to look at it, and no rule of the books is broken."""

from __future__ import annotations

from tests.ops.breaks import Break, invoice, payment

_AGED = """
    WITH e AS (UPDATE engine_outbox_event SET created_at = created_at - interval '1 hour'
                WHERE type = 'invoice.finalized')
    """
LISTED = (
    Break(
        "unasked",
        "a failed payment whose reason is gone",
        invoice("reason_code = '', reason = ''", "declined"),
        {"due_minor": 1000, "collected_minor": 0, "period_no": 1},
    ),
    Break(
        "unasked",
        "a person decided, and nobody asked again",
        invoice("reason_code = 'payment_in_question', reason = 'A person decides.'", "declined"),
        {"due_minor": 1000, "collected_minor": 0, "period_no": 1},
    ),
    Break(
        "unasked",
        "what had paid it was taken back, and its case is closed",
        invoice("reason_code = 'payment_taken_back', reason = 'Taken back.'", "declined"),
        {"due_minor": 1000, "collected_minor": 0, "period_no": 1},
    ),
    Break(
        "unasked",
        "its subscription has run out, and owes it",
        "WITH s AS (UPDATE billing_subscription SET state = 'expired', next_due_at = NULL) "
        + invoice("reason_code = '', reason = ''", "declined"),
        {"due_minor": 1000, "collected_minor": 0, "period_no": 1},
    ),
    Break(
        "unasked",
        "its provider is configured again",
        invoice("reason_code = 'provider_not_configured', reason = 'Not here.'", "declined"),
        {"due_minor": 1000, "collected_minor": 0, "period_no": 1},
    ),
    Break(
        "unnumbered",
        "it was not numbered for an hour",
        _AGED + invoice("number = NULL", "declined"),
        {"state": "open"},
    ),
    Break(
        "unnumbered",
        "it was opened without the moment of its issue",
        _AGED + invoice("number = NULL, issued_at = NULL", "declined"),
        {"state": "open", "issued_at": None},
    ),
    Break(
        "stopped",
        "nobody takes it back",
        payment("stop_code = 'method_changed', next_action_at = created_at - interval '1 hour'", "waiting"),
        {"stop_code": "method_changed"},
    ),
)
_IN_QUESTION = "reason_code = 'payment_in_question'"
NOT_LISTED = {
    "it was issued a moment ago": invoice("number = NULL", "declined"),
    "it is a draft": _AGED + invoice("number = NULL, issued_at = NULL, state = 'draft'", "declined"),
    "it was voided as a draft": _AGED
    + invoice("number = NULL, issued_at = NULL, state = 'void'", "declined"),
    "money came late, and its case is closed": "WITH c AS (UPDATE payments_case SET closed_at = opened_at) "
    + invoice(_IN_QUESTION, "late"),
    "what it was for refused it": """
        WITH p AS (UPDATE payments_payment SET state = 'succeeded', parked_at = created_at WHERE id = %(declined)s)
        """
    + invoice(_IN_QUESTION, "declined"),
    "a person decides about it": """
        WITH c AS (INSERT INTO payments_case (id, kind, payment_id, sentence, opened_at)
                   SELECT gen_random_uuid(), 'seen_after_end', id, 'Odd.', created_at FROM payments_payment
                    WHERE id = %(declined)s)
        """
    + invoice(_IN_QUESTION, "declined"),
    "its subscription is not billed": """
        WITH s AS (UPDATE billing_subscription SET state = 'paused', next_due_at = NULL)
        """
    + invoice("reason_code = ''", "declined"),
    "it is paid by hand": "WITH s AS (UPDATE billing_subscription SET auto_pay = false) "
    + invoice("reason_code = ''", "declined"),
    "its method is gone": "WITH m AS (UPDATE payments_paymentmethod SET state = 'removed') "
    + invoice("reason_code = ''", "declined"),
    "its provider is not configured": "WITH m AS (UPDATE payments_paymentmethod SET provider = 'gone') "
    + invoice("reason_code = 'provider_not_configured'", "declined"),
    "it was told a moment ago": payment("stop_code = 'x', next_action_at = created_at", "waiting"),
    "it is parked": payment(
        "stop_code = 'x', next_action_at = NULL, parked_at = created_at, parked_reason = 'a drill'", "waiting"
    ),
}
