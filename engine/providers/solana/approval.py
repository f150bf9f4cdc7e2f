"""The payer's one approval: the transaction to sign, and whether what stands on the chain is enough."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from spl.token.constants import TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID
from spl.token.instructions import approve_checked, create_idempotent_associated_token_account, sync_native
from spl.token.models import ApproveCheckedParams, SyncNativeParams

from engine.core.errors import Refusal
from engine.core.money import HIGHEST_APPROVAL_MINOR
from engine.providers.solana import keys, rpc
from engine.providers.solana.addresses import WRAPPED_SOL, mint_decimals, public_key, token_account
from engine.providers.solana.checks import SENTENCES, source_trouble
from engine.providers.solana.snapshot import recent_blockhash
from engine.providers.solana.tokens import Account, TokenAccount, parse_mint_decimals, parse_token_account
from engine.providers.solana.tokens import read_accounts as read_raw

ALLOWANCE_MAX = 2**63 - 1  # the chain takes 64 bits, our columns 63


@dataclass(frozen=True, slots=True)
class Approval:
    """An unsigned transaction for the payer's wallet, and what it will do. Amounts in minor units."""

    transaction: str  # base64 of a VersionedTransaction; the wallet itself pays the network fee
    last_valid_block_height: int
    token_account: str
    delegate: str  # our collector's public key
    collector: int  # its version, to be frozen on payments
    amount_minor: int  # the approval in all: what is left of ours plus the new commitment
    kept_minor: int  # the part of it that is for commitments that exist already
    replaces: str | None  # the delegate that loses its approval: a stranger's, or our older key
    replaces_foreign: bool
    opens_account: bool


@dataclass(frozen=True, slots=True)
class ApprovalCheck:
    """Whether a wallet's approval covers an amount. Amounts in minor units."""

    ok: bool
    code: str  # "" or one of checks.Trouble
    sentence: str
    token_account: str
    balance_minor: int
    allowance_minor: int  # of our collector alone
    collector: int | None  # the version approved, None if the delegate is not ours


def approval_transaction(
    *, wallet: str, mint: str, add_minor: int, commitments_minor: int = 0, wrap_lamports: int = 0
) -> Approval:
    """The approval for one more commitment of `add_minor`, on top of what stands. Calls out.

    Where our approval stands on the chain, its remainder is kept (a pull between signing and landing
    leaves the cap one amount too high, never too low). Where it does not, `commitments_minor` is what
    the wallet's other subscriptions still need. `wrap_lamports` wraps native SOL first (wrapped-SOL
    mint only). Raises Refusal, or RpcFault where no node answers.
    """
    owner = _signer(wallet, mint, add_minor, commitments_minor, wrap_lamports)
    address, state, decimals = _read(wallet, mint)
    version = keys.newest()
    ours = state is not None and keys.version_of(state.delegate) is not None
    kept = state.allowance if state and ours else commitments_minor
    total = kept + add_minor
    if total > ALLOWANCE_MAX:
        raise Refusal("amount_invalid", "the approval would be beyond 63 bits", param="add_minor")
    delegate = keys.collector(version).pubkey()
    steps = _fill(owner, mint, address, state is None, wrap_lamports)
    steps.append(_approve(owner, mint, address, delegate, total, decimals))
    recent = recent_blockhash(rpc.client())
    before = state.delegate if state and state.delegate != str(delegate) else None
    return Approval(
        transaction=_unsigned(owner, steps, recent.blockhash),
        last_valid_block_height=recent.last_valid_block_height,
        token_account=address,
        delegate=str(delegate),
        collector=version,
        amount_minor=total,
        kept_minor=kept,
        replaces=before,
        replaces_foreign=before is not None and not ours,
        opens_account=state is None,
    )


def _signer(wallet: str, mint: str, add_minor: int, commitments_minor: int, wrap_lamports: int) -> Pubkey:
    """The wallet's key, once all that was asked for makes sense. Raises Refusal naming the field."""
    owner = public_key(wallet, "wallet")
    if not owner.is_on_curve():
        raise Refusal("wallet_cannot_sign", "this address has no key that could sign", param="wallet")
    if wrap_lamports and mint != WRAPPED_SOL:
        raise Refusal("wrap_needs_wrapped_sol", "only native SOL can be wrapped", param="wrap_lamports")
    _amount(add_minor, "add_minor", least=1, most=HIGHEST_APPROVAL_MINOR)
    most = HIGHEST_APPROVAL_MINOR - add_minor
    _amount(commitments_minor, "commitments_minor", least=0, most=most)
    _amount(wrap_lamports, "wrap_lamports", least=0, most=ALLOWANCE_MAX)
    return owner


def _amount(given: object, param: str, *, least: int, most: int) -> None:
    """Refuses what is no whole number from `least` to `most`, under its own name."""
    if type(given) is not int or not least <= given <= most:
        raise Refusal("amount_invalid", f"{param} is a whole number from {least} to {most}", param=param)


def check_approval(
    wallet: str, mint: str, needed_minor: int, *, collector: int | None = None
) -> ApprovalCheck:
    """Whether `needed_minor` could be pulled now with any collector key of ours, or with that version.

    Calls out. Raises Refusal, or RpcFault where no node answers.
    """
    address, state, _ = _read(wallet, mint)
    version = keys.version_of(state.delegate) if state and state.delegate else None
    wanted = collector if collector is not None else (version if version is not None else keys.newest())
    delegate = str(keys.collector(wanted).pubkey())
    trouble = source_trouble(state, mint=mint, delegate=delegate, amount_minor=needed_minor)
    return ApprovalCheck(
        ok=trouble is None,
        code=trouble or "",
        sentence=SENTENCES[trouble] if trouble else "",
        token_account=address,
        balance_minor=state.amount if state else 0,
        allowance_minor=state.allowance if state and version is not None else 0,
        collector=version,
    )


def read_accounts(pairs: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], TokenAccount | None]:
    """Token accounts by (wallet, mint) as they are now, for the watcher. Calls out, 100 a call.

    Raises Refusal for malformed keys, or RpcFault where no node answers.
    """
    wanted = {pair: token_account(*pair) for pair in pairs}
    found = read_raw(rpc.client(), wanted.values(), settings.ENV.solana_commitment)
    return {pair: parse_token_account(found[address]) for pair, address in wanted.items()}


def check_mint(mint: str) -> int:
    """Decimals of an allowed mint, compared with the chain. Calls out. Raises Refusal or RpcFault."""
    public_key(mint, "mint")
    decimals = mint_decimals(mint)
    found = read_raw(rpc.client(), [mint], settings.ENV.solana_commitment)
    _same_mint(found[mint], decimals)
    return decimals


def _read(wallet: str, mint: str) -> tuple[str, TokenAccount | None, int]:
    public_key(wallet, "wallet")
    public_key(mint, "mint")
    decimals, address = mint_decimals(mint), token_account(wallet, mint)
    found = read_raw(rpc.client(), [mint, address], settings.ENV.solana_commitment)
    _same_mint(found[mint], decimals)
    state = parse_token_account(found[address])
    if state and state.owner != wallet:
        raise Refusal(
            "token_account_given_away", "the wallet's token account has another owner", param="wallet"
        )
    return address, state, decimals


def _same_mint(account: Account | None, decimals: int) -> None:
    """The classic program alone: Token-2022 could take a fee on the way or run a hook."""
    if account and account.owner == str(TOKEN_2022_PROGRAM_ID):
        raise Refusal("token_2022_refused", "tokens of the Token-2022 program are not taken", param="mint")
    on_chain = parse_mint_decimals(account)
    if on_chain is None:
        raise Refusal("mint_missing", "there is no such token on this network", param="mint")
    if on_chain != decimals:
        raise Refusal(
            "decimals_differ",
            f"the token has {on_chain} decimals, SOLANA_MINTS says {decimals}",
            param="mint",
        )


def _fill(owner: Pubkey, mint: str, address: str, missing: bool, lamports: int) -> list[Instruction]:
    steps: list[Instruction] = []
    account = Pubkey.from_string(address)
    if missing or lamports:
        token = Pubkey.from_string(mint)
        steps.append(create_idempotent_associated_token_account(owner, owner, token, TOKEN_PROGRAM_ID))
    if lamports:
        params = TransferParams(from_pubkey=owner, to_pubkey=account, lamports=lamports)
        steps.append(transfer(params))
        steps.append(sync_native(SyncNativeParams(program_id=TOKEN_PROGRAM_ID, account=account)))
    return steps


def _approve(
    owner: Pubkey, mint: str, address: str, delegate: Pubkey, amount: int, decimals: int
) -> Instruction:
    return approve_checked(
        ApproveCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            source=Pubkey.from_string(address),
            mint=Pubkey.from_string(mint),
            delegate=delegate,
            owner=owner,
            amount=amount,
            decimals=decimals,
            signers=[],
        )
    )


def _unsigned(owner: Pubkey, steps: list[Instruction], blockhash: str) -> str:
    message = MessageV0.try_compile(owner, steps, [], Hash.from_string(blockhash))
    empty = [Signature.default()] * message.header.num_required_signatures
    return base64.b64encode(bytes(VersionedTransaction.populate(message, empty))).decode()
