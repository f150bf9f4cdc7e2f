"""iPaymu's words: its statuses, its ways to pay, and how long a code of each can be paid."""

from __future__ import annotations

from enum import IntEnum

from engine.providers.base import FailureClass

METHODS = ("va", "cstore", "qris", "cc", "paylater", "ewallet")  # not cod: a bill has no courier


class Status(IntEnum):
    """`Data.Status` of a transaction. Any other is unknown to us, and says nothing."""

    EXPIRED = -2
    PENDING = 0
    SUCCESS = 1
    CANCELLED = 2
    REFUNDED = 3
    ERROR = 4
    FAILED = 5
    UNSETTLED = 6
    ESCROW = 7


PAID = (Status.SUCCESS, Status.UNSETTLED)

# Ended unpaid: class, code, sentence. None of them is the payer's bank refusing for good: a fresh link may follow.
ENDED = {
    Status.EXPIRED: (FailureClass.PAYER_ACTION, "link_expired", "The payer did not pay before the link expired."),
    Status.CANCELLED: (FailureClass.PAYER_ACTION, "link_cancelled", "The payment was cancelled at iPaymu."),
    Status.FAILED: (FailureClass.SOFT_DECLINE, "payment_failed", "The payment failed at iPaymu."),
}  # fmt: skip

# Hours: half of the shortest gap between two reminders, so that the old link is over, and seen to be, before the next
# one is issued. Some channels have a life of their own, whatever is asked.
LIFE_HOURS = 12.0
CHANNEL_HOURS = {"va:bca": 12.0, "va:bri": 2.0, "va:bsi": 3.0, "cstore:alfamart": 24.0, "qris:mpm": 5 / 60}


def life_hours(channel: str) -> float:
    """How long a code of `channel` ("" is the page, where the payer chooses) can be paid."""
    return CHANNEL_HOURS.get(channel, LIFE_HOURS)
