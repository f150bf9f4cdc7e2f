"""What this rail can do."""

from __future__ import annotations

from django.conf import settings

from engine.providers.base import Sheet
from engine.providers.solana.proof import STATUSES_MAX

NAME = "solana_delegate"
RAIL = "spl_delegate"


def sheet() -> Sheet:
    """The capability sheet, with the currencies of SOLANA_MINTS."""
    return Sheet(
        provider=NAME,
        operations=("charge",),
        pulls=True,
        settlement="direct",
        resend_same_identity=("charge",),
        identity_seconds=None,  # the blockhash's life bounds it, and the chain tells when it is over
        unique_reference=("charge",),
        lookup_by_identity=True,
        lookup_batch=STATUSES_MAX,
        absence_after=0,  # absence is proved by block height, not by waiting
        absence_certain=("charge",),
        cancel=False,
        reversible=False,
        currencies=tuple(settings.ENV.solana_mints),
        refused={
            "refund": "no transfer on the chain can be called back: whoever has it sends it",
            "payout": "the payee is paid by each charge itself",
        },
    )
