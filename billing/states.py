"""The legal moves of a subscription and of an invoice (design section 4)."""

from __future__ import annotations

from engine.core.states import machine

SUBSCRIPTION = machine(
    "subscription",
    "billing_subscription",
    {"incomplete"},
    {
        # A first payment that fails is a debt like any other: dunning and endpoints read one state.
        "incomplete": {"active", "past_due", "canceled", "expired"},
        "active": {"past_due", "paused", "canceled", "expired"},
        "past_due": {"active", "paused", "unpaid", "canceled", "expired"},
        "paused": {"active", "past_due", "canceled", "expired"},
        "unpaid": {"active", "canceled", "expired"},
        "canceled": {"active"},  # reopened when the customer pays later (danger D11)
    },
)

INVOICE = machine(
    "invoice",
    "billing_invoice",
    {"draft"},
    {
        "draft": {"open", "paid", "void"},
        "open": {"paid", "void", "uncollectible"},
        "uncollectible": {"paid", "void"},
        "paid": {"open"},  # what had paid it was taken back: it is owed again
    },
)

# Billed while in these states; a past_due subscription goes on being billed until dunning's final action.
BILLED = ("incomplete", "active", "past_due")
# Asked for what is open: what had run out before it was paid is owed all the same (I2).
ASKED = (*BILLED, "expired")
# A draft of these is not opened any more: the customer stopped it before anything was owed.
STOPPED = ("paused", "canceled")
