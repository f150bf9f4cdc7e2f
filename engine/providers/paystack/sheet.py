"""What Paystack can do."""

from __future__ import annotations

from engine.providers.base import Sheet
from engine.providers.paystack.account import NAME

# The least that a card is charged, in minor units: 50 naira, 10 pesewas, 1 rand, 3 shillings, 2 dollars.
LEAST_MINOR = {"NGN": 5_000, "GHS": 10, "ZAR": 100, "KES": 300, "USD": 200}

ACTION_SECONDS = 24 * 3600.0  # no paper says for how long the page of a paused charge serves


def sheet() -> Sheet:
    """The capability sheet. Refunds have no reference of their own: see refund.py for what follows from that."""
    return Sheet(
        provider=NAME,
        operations=("charge", "refund", "payout"),
        pulls=True,
        settlement="platform",
        resend_same_identity=("charge", "payout"),  # by reference; a refund has none
        identity_seconds=None,  # a reference is used once for ever
        unique_reference=("charge", "payout"),  # of a refund our identity stands in its note
        lookup_by_identity=True,
        lookup_batch=24,  # Paystack answers one reference at a time: eight are asked at once
        absence_after=60,  # what lags is seen by then; sent again before, it would be refused as a duplicate
        absence_certain=(),  # not found proves nothing: what is missing is sent again under its reference
        cancel=False,  # the page of a charge that waits for its payer can't be closed
        reversible=True,  # a dispute, a transfer that came back, a refund that failed after it was processed
        currencies=tuple(LEAST_MINOR),
        minimum_minor=LEAST_MINOR,
        concurrency=64,
        action_seconds=ACTION_SECONDS,  # Paystack ends no charge that waits for its payer: a day, then we do
    )
