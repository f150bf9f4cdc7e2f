"""What keeps a token account from paying, in one vocabulary before and after the attempt."""

from __future__ import annotations

from enum import StrEnum

from engine.providers.base import FailureClass
from engine.providers.solana.tokens import TokenAccount


class Trouble(StrEnum):
    """Why a pull can't work or did not."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    ALLOWANCE_TOO_SMALL = "allowance_too_small"
    DELEGATE_REVOKED = "delegate_revoked"
    DELEGATE_REPLACED = "delegate_replaced"
    COLLECTOR_EXCHANGED = "collector_exchanged"
    ACCOUNT_FROZEN = "account_frozen"
    ACCOUNT_CLOSED = "account_closed"
    DESTINATION_UNUSABLE = "destination_unusable"
    FEE_PAYER_EMPTY = "fee_payer_empty"
    PROGRAM_ERROR = "program_error"


CLASSES = {
    Trouble.INSUFFICIENT_FUNDS: FailureClass.INSUFFICIENT_FUNDS,
    Trouble.ALLOWANCE_TOO_SMALL: FailureClass.PAYER_ACTION,
    Trouble.DELEGATE_REVOKED: FailureClass.PAYER_ACTION,
    Trouble.DELEGATE_REPLACED: FailureClass.PAYER_ACTION,
    # Only the token's issuer can thaw an account: neither a retry nor the payer's click helps.
    Trouble.ACCOUNT_FROZEN: FailureClass.HARD_DECLINE,
    # The payer can open the account and approve again, and the same method then works.
    Trouble.ACCOUNT_CLOSED: FailureClass.PAYER_ACTION,
    # Ours or the payee's fault: the payer must not be dunned for it.
    Trouble.COLLECTOR_EXCHANGED: FailureClass.TECHNICAL,
    Trouble.DESTINATION_UNUSABLE: FailureClass.TECHNICAL,
    Trouble.FEE_PAYER_EMPTY: FailureClass.TECHNICAL,
    Trouble.PROGRAM_ERROR: FailureClass.TECHNICAL,
}
SENTENCES = {
    Trouble.INSUFFICIENT_FUNDS: "Insufficient balance for payment: the token account holds less than the amount.",
    Trouble.ALLOWANCE_TOO_SMALL: "What is left of the approval is less than the amount.",
    Trouble.DELEGATE_REVOKED: "The approval was revoked or is used up.",
    Trouble.DELEGATE_REPLACED: "The approval was replaced by one for somebody else.",
    Trouble.COLLECTOR_EXCHANGED: "The payer approved another key of ours while this was on its way.",
    Trouble.ACCOUNT_FROZEN: "The token's issuer froze the account.",
    Trouble.ACCOUNT_CLOSED: "The token account does not exist (any more).",
    Trouble.DESTINATION_UNUSABLE: "The account that was to receive is missing or frozen.",
    Trouble.FEE_PAYER_EMPTY: "Our own wallet for network fees is empty.",
    Trouble.PROGRAM_ERROR: "The chain refused the transaction for a reason that is not the payer's.",
}


def source_trouble(
    account: TokenAccount | None, *, mint: str, delegate: str, amount_minor: int, used_minor: int = 0
) -> Trouble | None:
    """Why `amount_minor` can't be pulled now, None if it can. Pure.

    `used_minor` is what earlier payments of the same batch already take from balance and allowance.
    """
    if account is None or account.mint != mint:
        return Trouble.ACCOUNT_CLOSED
    if account.frozen:
        return Trouble.ACCOUNT_FROZEN
    if account.delegate is None:
        return Trouble.DELEGATE_REVOKED
    if account.delegate != delegate:
        return Trouble.DELEGATE_REPLACED
    if account.allowance - used_minor < amount_minor:
        return Trouble.ALLOWANCE_TOO_SMALL
    if account.amount - used_minor < amount_minor:
        return Trouble.INSUFFICIENT_FUNDS
    return None


def destination_usable(account: TokenAccount, owner: str) -> bool:
    """Whether a token account can receive for `owner`: an account's ownership can be given away. Pure."""
    return account.owner == owner and not account.frozen
