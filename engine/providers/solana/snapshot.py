"""What a batch needs from the chain before it can be signed: one blockhash and the accounts as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from engine.providers.base import Payable
from engine.providers.solana import destinations, keys
from engine.providers.solana.destinations import Opening
from engine.providers.solana.faults import OutcomeUnknown, RpcError
from engine.providers.solana.instructions import Terms, read_terms
from engine.providers.solana.rpc import Client
from engine.providers.solana.tokens import (
    TOKEN_ACCOUNT_BYTES,
    TokenAccount,
    parse_token_account,
    read_accounts,
)


@dataclass(frozen=True, slots=True)
class Recent:
    """A blockhash with its slot, the last block height that takes it, and two rents in lamports."""

    blockhash: str
    last_valid_block_height: int
    slot: int
    account_rent: int
    marker_rent: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The context of one batch. Accounts are None where there is no token account."""

    recent: Recent
    accounts: Mapping[str, TokenAccount | None]
    fee_payer_lamports: int
    openings: Mapping[tuple[str, str], Opening]


def take(client: Client, payables: Sequence[Payable]) -> Snapshot:
    """Read the chain for a batch. Calls out, reads our table. Raises RpcFault, or Refusal for bad terms."""
    terms = [read_terms(each.instructions) for each in payables]
    commitment = settings.ENV.solana_commitment
    payer = str(keys.fee_payer().pubkey())
    recent = recent_blockhash(client)
    wanted = {each for one in terms for each in (one.source, one.payee_account, one.fee_account) if each}
    raw = read_accounts(client, [payer, *sorted(wanted)], commitment)
    accounts = {address: parse_token_account(raw[address]) for address in wanted}
    wallet = raw[payer]
    return Snapshot(
        recent=recent,
        accounts=accounts,
        fee_payer_lamports=wallet.lamports if wallet else 0,
        openings=destinations.openings(client, _missing(terms, accounts)),
    )


def recent_blockhash(client: Client) -> Recent:
    """A blockhash at SOLANA_COMMITMENT, with rents. Calls out. Raises RpcFault."""
    answers = client.read_many(
        [
            ("getLatestBlockhash", [{"commitment": settings.ENV.solana_commitment}]),
            ("getMinimumBalanceForRentExemption", [TOKEN_ACCOUNT_BYTES]),
            ("getMinimumBalanceForRentExemption", [0]),
        ]
    )
    for answer in answers:
        if isinstance(answer, RpcError):
            raise answer
    latest, account_rent, marker_rent = answers
    try:
        value = latest["value"]
        height, slot = int(value["lastValidBlockHeight"]), int(latest["context"]["slot"])
        return Recent(str(value["blockhash"]), height, slot, int(account_rent), int(marker_rent))
    except (KeyError, TypeError, ValueError):
        raise OutcomeUnknown("the blockhash came in a form that can't be read") from None


def _missing(terms: Sequence[Terms], accounts: Mapping[str, TokenAccount | None]) -> list[tuple[str, str]]:
    return [(one.payee, one.mint) for one in terms if accounts[one.payee_account] is None]
