"""The legal moves of a payment and of an attempt: design section 4, one table per machine.

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

OPEN_PAYMENT = ("scheduled", "in_flight")
UNRESOLVED_ATTEMPT = ("sent", "pending", "unknown")
