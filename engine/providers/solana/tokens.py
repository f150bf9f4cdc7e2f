"""Token accounts and mints as the SPL Token program stores them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID

from engine.providers.solana.faults import OutcomeUnknown
from engine.providers.solana.rpc import Client

ACCOUNTS_MAX = 100  # what one getMultipleAccounts takes
TOKEN_ACCOUNT_BYTES, MINT_BYTES = 165, 82
FROZEN = 2


@dataclass(frozen=True, slots=True)
class Account:
    """Any account. `owner` is the program that owns it."""

    lamports: int
    owner: str
    data: bytes


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """A token account's state; amounts in minor units. `delegate` is None where nothing is approved."""

    mint: str
    owner: str
    amount: int
    delegate: str | None
    allowance: int
    frozen: bool


def parse_token_account(account: Account | None) -> TokenAccount | None:
    """The token account, or None where there is none of the classic SPL Token program. Pure."""
    if account is None or account.owner != str(TOKEN_PROGRAM_ID) or len(account.data) != TOKEN_ACCOUNT_BYTES:
        return None
    data = account.data
    if data[108] == 0:
        return None
    approved = _number(data[72:76]) == 1
    return TokenAccount(
        mint=str(Pubkey.from_bytes(data[0:32])),
        owner=str(Pubkey.from_bytes(data[32:64])),
        amount=_number(data[64:72]),
        delegate=str(Pubkey.from_bytes(data[76:108])) if approved else None,
        allowance=_number(data[121:129]) if approved else 0,
        frozen=data[108] == FROZEN,
    )


def parse_mint_decimals(account: Account | None) -> int | None:
    """Decimals of an initialized mint of the classic SPL Token program, None for anything else. Pure."""
    if account is None or account.owner != str(TOKEN_PROGRAM_ID) or len(account.data) != MINT_BYTES:
        return None
    return account.data[44] if account.data[45] == 1 else None


def read_accounts(client: Client, addresses: Iterable[str], commitment: str) -> Mapping[str, Account | None]:
    """Accounts by address, None for missing ones. Calls out, 100 a call. Raises RpcFault."""
    wanted = list(dict.fromkeys(addresses))
    found: dict[str, Account | None] = {}
    for start in range(0, len(wanted), ACCOUNTS_MAX):
        chunk = wanted[start : start + ACCOUNTS_MAX]
        options = {"encoding": "base64", "commitment": commitment}
        answer = client.read("getMultipleAccounts", [chunk, options])
        try:
            found.update(zip(chunk, map(_account, answer["value"]), strict=True))
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise OutcomeUnknown("accounts came in a form that can't be read") from None
    return found


def _account(value: dict[str, Any] | None) -> Account | None:
    if value is None:
        return None
    data = base64.b64decode(value["data"][0], validate=True)
    return Account(int(value["lamports"]), str(value["owner"]), data)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
