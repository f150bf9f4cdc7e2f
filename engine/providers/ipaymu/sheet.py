"""What this gateway can do, and what it can't."""

from __future__ import annotations

from engine.providers.base import Sheet

NAME = "ipaymu"
CURRENCY = "IDR"
DEADLINE_SECONDS = 30.0  # nothing is published; a bank's code is had from the bank while we wait


def sheet() -> Sheet:
    """The capability sheet."""
    return Sheet(
        provider=NAME,
        operations=("charge",),
        pulls=False,  # no stored method can be charged: each charge is a link or a code that the payer pays
        settlement="platform",
        resend_same_identity=(),  # the same reference again makes a second payable code
        identity_seconds=None,
        unique_reference=(),
        lookup_by_identity=True,  # through the history, page by page: it finds nothing by our reference itself
        lookup_batch=20,  # one reading of the history serves them all; each is then asked for by its number
        absence_after=0.0,
        absence_certain=(),  # whether a link that nobody opened is in the history is not known
        cancel=False,  # a link can't be called back, only be left to expire
        reversible=True,  # its status 3: what was paid was given back, by iPaymu's own doing
        currencies=(CURRENCY,),
        concurrency=16,
        deadline_seconds=DEADLINE_SECONDS,  # patience is cheaper than to look for a creation whose answer was lost
        refused={
            "refund": "its interface has no refund: give it back by bank transfer",
            "payout": "its interface has no payout",
        },
    )
