"""Why a finalized transaction failed, read from its error, its balances and the accounts. Pure.

One token error means both "no money" and "approval used up", and another both "revoked" and "replaced":
the error alone would send the payer the wrong letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.providers.solana import keys
from engine.providers.solana.checks import Trouble
from engine.providers.solana.instructions import Terms
from engine.providers.solana.landed import Landed
from engine.providers.solana.tokens import TokenAccount

INSUFFICIENT, OWNER_MISMATCH, FROZEN = 1, 4, 17  # SPL Token's error numbers
MISSING_ACCOUNT = {"InvalidAccountData", "UninitializedAccount", "IncorrectProgramId", "InvalidAccountOwner"}
OUR_WALLET = {"InsufficientFundsForFee", "InsufficientFundsForRent", "AccountNotFound"}


def why(
    landed: Landed,
    *,
    steps: list[str],
    terms: Terms,
    delegate: str,
    amount_minor: int,
    accounts: Mapping[str, TokenAccount | None],
) -> Trouble:
    """The trouble behind `landed.err`. `accounts` are as they are now, `landed` as they were then."""
    step, reason = _read(landed.err, steps)
    if step in ("pay", "fee"):
        to = terms.payee_account if step == "pay" else terms.fee_account
        return _transfer(reason, landed, terms, delegate, amount_minor, accounts, to)
    ours = reason in OUR_WALLET or (step in ("open_payee", "open_fee", "marker") and reason == INSUFFICIENT)
    return Trouble.FEE_PAYER_EMPTY if ours else Trouble.PROGRAM_ERROR


def balances_missing(
    landed: Landed, *, steps: list[str], terms: Terms, accounts: Mapping[str, TokenAccount | None]
) -> bool:
    """Whether a transfer failed and its balances, which tell why, were not shown: another node may show them.

    A source that was not there has none: then nothing is missing, unless nothing at all was shown and it is there.
    """
    step, reason = _read(landed.err, steps)
    if step not in ("pay", "fee") or terms.source in landed.before:
        return False
    return reason not in MISSING_ACCOUNT or (not landed.mints and accounts.get(terms.source) is not None)


def _transfer(
    reason: int | str,
    landed: Landed,
    terms: Terms,
    delegate: str,
    amount_minor: int,
    accounts: Mapping[str, TokenAccount | None],
    to: str,
) -> Trouble:
    source = accounts.get(terms.source)
    if reason == INSUFFICIENT:
        short = landed.before.get(terms.source, 0) < amount_minor
        return Trouble.INSUFFICIENT_FUNDS if short else Trouble.ALLOWANCE_TOO_SMALL
    if reason == OWNER_MISMATCH:
        return _delegate(source, delegate, amount_minor)
    if reason == FROZEN:
        target = accounts.get(to)
        theirs = target is not None and target.frozen and not (source and source.frozen)
        return Trouble.DESTINATION_UNUSABLE if theirs else Trouble.ACCOUNT_FROZEN
    if reason in MISSING_ACCOUNT:
        if terms.source not in landed.before:
            return Trouble.ACCOUNT_CLOSED
        return Trouble.DESTINATION_UNUSABLE if to not in landed.before else Trouble.PROGRAM_ERROR
    return Trouble.PROGRAM_ERROR


def _delegate(source: TokenAccount | None, delegate: str, amount_minor: int) -> Trouble:
    if source is None:
        return Trouble.ACCOUNT_CLOSED
    if source.delegate is None:
        return Trouble.DELEGATE_REVOKED
    if source.delegate != delegate:
        ours = keys.version_of(source.delegate) is not None
        return Trouble.COLLECTOR_EXCHANGED if ours else Trouble.DELEGATE_REPLACED
    # Ours after all: the first leg used the approval up exactly, or the payer has approved again since.
    return Trouble.ALLOWANCE_TOO_SMALL if source.allowance < amount_minor else Trouble.DELEGATE_REVOKED


def _read(err: Any, steps: list[str]) -> tuple[str, int | str]:
    """(step that failed or "", the token program's number or the error's name)."""
    if isinstance(err, dict) and isinstance(err.get("InstructionError"), list):
        index, reason = err["InstructionError"]
        step = steps[index] if type(index) is int and index < len(steps) else ""
        return step, reason["Custom"] if isinstance(reason, dict) and "Custom" in reason else _name(reason)
    return "", _name(err)


def _name(reason: Any) -> str:
    return str(next(iter(reason), "")) if isinstance(reason, dict) else str(reason)
