"""Who is paid: an account that is connected to ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.errors import Refusal


def account_of(instructions: Mapping[str, Any]) -> str:
    """The connected account that a payout names. Raises Refusal."""
    payee = instructions.get("payee")
    account = payee.get("account") if isinstance(payee, Mapping) else None
    if not isinstance(account, str) or not account.startswith("acct_"):
        raise Refusal("payee_incomplete", "the payee has no account at Stripe (acct_…)", param="payee")
    return account
