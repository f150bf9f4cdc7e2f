"""What Stripe can do."""

from __future__ import annotations

from engine.providers.base import Sheet
from engine.providers.stripe.account import NAME

# An hour less than what Stripe promises, for what is on its way.
KEY_SECONDS = 23 * 3600.0
ACTION_SECONDS = 24 * 3600.0
# Those of ours that Stripe counts as we do. Not IDR, which it counts in hundredths, nor those of three places, whose
# last one must be 0.
CURRENCIES = ("USD", "EUR", "GBP", "NGN", "ZAR", "KES", "INR", "BRL", "JPY", "KRW", "VND", "XOF", "XAF")
LEAST = {"USD": 50, "EUR": 50, "GBP": 30, "INR": 50, "BRL": 50, "JPY": 50}
MOST = 99_999_999


def sheet() -> Sheet:
    """The capability sheet."""
    return Sheet(
        provider=NAME,
        operations=("charge", "refund", "payout"),
        pulls=True,
        settlement="platform",
        resend_same_identity=("charge", "refund", "payout"),  # each call bears our key
        identity_seconds=KEY_SECONDS,  # a key may be forgotten after 24 h, and would then act anew
        unique_reference=("charge", "refund", "payout"),
        lookup_by_identity=True,  # in lists: our identity stands in the metadata
        lookup_batch=24,  # a call each, eight at a time
        absence_after=0,  # it is not read from silence: see absence_certain
        absence_certain=("charge", "payout"),  # called back; or an intent never named, so never confirmed
        cancel=True,  # an intent that was not paid, a payout to a bank that is pending
        reversible=True,  # a refund that fails later, a transfer clawed back, a paid payout that the bank returns
        currencies=CURRENCIES,
        minimum_minor=LEAST,
        maximum_minor=MOST,
        action_seconds=ACTION_SECONDS,  # an intent waits for its payer's bank for ever: a day, then it is called back
    )
