"""What version 3 can do."""

from __future__ import annotations

from engine.providers.base import Sheet
from engine.providers.flutterwave import account


def sheet() -> Sheet:
    """The capability sheet: what was sent is looked up, and never sent again."""
    return Sheet(
        provider=account.NAME,
        operations=("charge", "refund", "payout"),
        pulls=True,
        settlement="platform",
        resend_same_identity=(),  # a refund has no reference, and what a second charge answers nobody wrote
        identity_seconds=None,
        unique_reference=("charge", "payout"),  # said to be so; that a page is paid once relies on it
        lookup_by_identity=True,  # a refund by its comments, among the newest
        lookup_batch=account.LOOKS,
        absence_after=account.deadline(),
        absence_certain=(),  # a look may lag behind
        cancel=False,
        reversible=True,  # a refund that fails later; a transfer that came back its statement alone shows
        currencies=account.CURRENCIES,
        maximum_minor=account.LARGEST,
        concurrency=64,
        action_seconds=None,  # a look says pending, and not whether the payer or the bank is waited for
        deadline_seconds=account.deadline(),  # a 503 may come after 28 s, and means nothing
    )
