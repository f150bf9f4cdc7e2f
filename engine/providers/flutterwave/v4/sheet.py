"""What version 4 can do."""

from __future__ import annotations

from engine.providers.base import Sheet
from engine.providers.flutterwave import account


def sheet() -> Sheet:
    """The capability sheet: a charge or a payout that is not found is sent again under its key."""
    return Sheet(
        provider=account.NAME,
        operations=("charge", "refund", "payout"),
        pulls=True,
        settlement="platform",
        resend_same_identity=(
            "charge",
            "payout",
        ),  # by key and reference; a refund has but a key, of unknown life
        identity_seconds=23
        * 3600.0,  # no paper says how long a key is kept: a day is usual, an hour of it is ours
        unique_reference=("charge", "payout"),
        lookup_by_identity=True,  # a transfer or a refund only among the newest
        lookup_batch=account.LOOKS,
        absence_after=account.deadline(),
        absence_certain=(),  # a look may lag behind
        cancel=False,
        reversible=True,  # a transfer that arrived may come back
        currencies=account.CURRENCIES,
        maximum_minor=account.LARGEST,
        concurrency=64,
        action_seconds=24 * 3600.0,  # no paper says when requires_action ends: a day, then we do
        deadline_seconds=account.deadline(),  # a 503 may come after 28 s, and means nothing
    )
