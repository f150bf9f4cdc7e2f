"""The legal moves of a payment, of an attempt, of a refund and of a dispute: design section 4, one table per machine.

The database enforces these tables by triggers made from them (migrations), docs/states.md draws them.
"""

from __future__ import annotations

from engine.core.states import machine

PAYMENT = machine(
    "payment",
    "payments_payment",
    {"scheduled"},
    {
        "scheduled": {"in_flight", "failed", "canceled"},
        "in_flight": {"scheduled", "succeeded", "failed", "canceled"},
        "failed": {"succeeded_late"},
        "canceled": {"succeeded_late"},
        "succeeded": {"reversed"},
    },
)

ATTEMPT = machine(
    "attempt",
    "payments_attempt",
    {"sent"},
    {
        "sent": {"pending", "succeeded", "declined", "not_sent", "unknown"},
        "pending": {"succeeded", "declined", "unknown"},
        "unknown": {"pending", "succeeded", "declined", "not_sent"},
        # Late, by lookup only: the payment becomes succeeded_late, booked to unapplied, a case.
        "declined": {"succeeded"},
        "not_sent": {"succeeded"},
    },
)

REFUND = machine(
    "refund",
    "payments_refund",
    {"requested"},
    {
        "requested": {"by_hand", "succeeded", "failed", "canceled"},
        "by_hand": {"succeeded", "canceled"},
        "succeeded": {"failed"},  # taken back by its provider
        "failed": {"succeeded"},  # late, by lookup only
        "canceled": {"succeeded"},
    },
)

DISPUTE = machine(
    "dispute",
    "payments_dispute",
    {"open"},
    {
        "open": {"under_review", "won", "lost"},
        "under_review": {"open", "won", "lost"},
    },
)

OPEN_DISPUTE = ("open", "under_review")
OPEN_PAYMENT = ("scheduled", "in_flight")
UNRESOLVED_ATTEMPT = ("sent", "pending", "unknown")
