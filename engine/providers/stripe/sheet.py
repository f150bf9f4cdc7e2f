"""What Stripe can do."""

from __future__ import annotations

from engine.providers.base import Sheet
from engine.providers.stripe.account import NAME

# A key may be forgotten after 24 h and then acts anew; an hour is for what is on its way.
KEY_SECONDS = 23 * 3600.0
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
        resend_same_identity=True,
        identity_seconds=KEY_SECONDS,
        unique_reference=True,
        lookup_by_identity=True,  # by lists: our identity stands in the metadata
        lookup_batch=20,
        absence_after=0,  # an absence is said of what was canceled, or never had a name (lookup.py)
        absence_certain=True,
        cancel=True,
        reversible=True,
        currencies=CURRENCIES,
        minimum_minor=LEAST,
        maximum_minor=MOST,
    )
