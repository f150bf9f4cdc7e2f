"""A payment method on this rail: a wallet's token account that approved our collector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from engine.core.errors import Refusal
from engine.providers.abilities import ApprovalAsked, ApprovalFound
from engine.providers.solana import approval
from engine.providers.solana.addresses import mint_decimals, mint_of

OPTIONS = frozenset({"wrap_lamports", "strict_once"})


def ask(
    wallet: str, currency: str, add_minor: int, commitments_minor: int, *, options: Mapping[str, Any]
) -> ApprovalAsked:
    """The unsigned approval, and the details that payments will freeze. Calls out. Raises Refusal, RpcFault."""
    unknown = ", ".join(sorted(set(options) - OPTIONS))
    if unknown:
        raise Refusal("option_unknown", f"this rail has no option {unknown}", param="options")
    mint = mint_of(currency)
    asked = approval.approval_transaction(
        wallet=wallet,
        mint=mint,
        add_minor=add_minor,
        commitments_minor=commitments_minor,
        wrap_lamports=options.get("wrap_lamports", 0),
    )
    details = {
        "mint": mint,
        "decimals": mint_decimals(mint),
        "payer": wallet,
        "source": asked.token_account,
        "collector": asked.collector,
        "fee_wallet": settings.ENV.solana_fee_wallet,
        "strict_once": bool(options.get("strict_once", False)),
    }
    return ApprovalAsked(
        asked.transaction,
        details,
        asked.amount_minor,
        asked.kept_minor,
        asked.replaces,
        asked.replaces_foreign,
    )


def find(details: Mapping[str, Any], needed_minor: int) -> ApprovalFound:
    """What stands on the chain; the collector key that was approved is pinned. Calls out. Raises RpcFault."""
    found = approval.check_approval(details["payer"], details["mint"], needed_minor)
    pinned = dict(details)
    if found.collector is not None:
        pinned["collector"] = found.collector
    return ApprovalFound(
        ok=found.ok,
        granted=found.collector is not None,
        code=found.code,
        message=found.sentence,
        balance_minor=found.balance_minor,
        allowance_minor=found.allowance_minor,
        details=pinned,
    )
