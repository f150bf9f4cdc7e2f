"""Wallets, mints and token accounts on a localnet, all made by real transactions."""

import itertools
from collections.abc import Sequence

import spl.token.instructions as ti
import spl.token.models as tm
from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, TransferParams, create_account, transfer
from solders.transaction import VersionedTransaction
from spl.memo.constants import MEMO_PROGRAM_ID
from spl.memo.instructions import create_memo
from spl.memo.models import MemoParams
from spl.token.constants import TOKEN_PROGRAM_ID, WRAPPED_SOL_MINT

from sandbox.localnet.control import Localnet

LAMPORTS_PER_SOL = 10**9
MINT_BYTES = 82
WRAPPED_SOL_DECIMALS = 9
UNITS_MIN, UNITS_SPAN = 300_000, 1_000_000

_sends = itertools.count()


class TransactionFailed(Exception):
    """A transaction landed with an error; ``err`` in JSON-RPC form."""

    def __init__(self, signature: str, err: object) -> None:
        super().__init__(f"{signature}: {err}")
        self.signature, self.err = signature, err


def build(
    net: Localnet, instructions: Sequence[Instruction], signers: Sequence[Keypair], blockhash: str = ""
) -> VersionedTransaction:
    """A signed v0 transaction; the first signer pays. The newest blockhash unless one is given."""
    newest = blockhash or net.call("getLatestBlockhash", {"commitment": "processed"})["value"]["blockhash"]
    message = MessageV0.try_compile(signers[0].pubkey(), instructions, [], Hash.from_string(newest))
    return VersionedTransaction(message, signers)


def send(
    net: Localnet,
    instructions: Sequence[Instruction],
    signers: Sequence[Keypair],
    commitment: str = "processed",
) -> str:
    """Build, sign, send without preflight and wait; the signature, or TransactionFailed."""
    # Equal transactions of one slot are one transaction: a unit limit of its own tells them apart.
    # It comes last, so that the indexes in errors count the caller's instructions.
    limit = set_compute_unit_limit(UNITS_MIN + next(_sends) % UNITS_SPAN)
    signature = net.send(bytes(build(net, [*instructions, limit], signers)), skip_preflight=True)
    err = net.wait(signature, commitment)["err"]
    if err is not None:
        raise TransactionFailed(signature, err)
    return signature


def create_wallet(net: Localnet, sol: int = 10) -> Keypair:
    """A new key with ``sol`` SOL."""
    wallet = Keypair()
    net.airdrop(wallet.pubkey(), sol * LAMPORTS_PER_SOL)
    return wallet


def create_mint(
    net: Localnet, authority: Keypair, decimals: int = 6, program: Pubkey = TOKEN_PROGRAM_ID
) -> Pubkey:
    """A new mint; ``authority`` pays for it, mints and freezes."""
    mint, owner = Keypair(), authority.pubkey()
    rent = net.call("getMinimumBalanceForRentExemption", MINT_BYTES)
    make = create_account(
        CreateAccountParams(
            from_pubkey=owner, to_pubkey=mint.pubkey(), lamports=rent, space=MINT_BYTES, owner=program
        )
    )
    initialize = ti.initialize_mint2(
        tm.InitializeMint2Params(
            decimals=decimals,
            program_id=program,
            mint=mint.pubkey(),
            mint_authority=owner,
            freeze_authority=owner,
        )
    )
    send(net, [make, initialize], [authority, mint])
    return mint.pubkey()


def create_token_account(
    net: Localnet, payer: Keypair, owner: Pubkey, mint: Pubkey, program: Pubkey = TOKEN_PROGRAM_ID
) -> Pubkey:
    """The associated token account of an owner, made if missing."""
    make = ti.create_idempotent_associated_token_account(payer.pubkey(), owner, mint, program)
    send(net, [make], [payer])
    return ti.get_associated_token_address(owner, mint, program)


def mint_to(net: Localnet, authority: Keypair, mint: Pubkey, account: Pubkey, amount: int) -> str:
    """Mint into a token account, in the smallest unit."""
    params = tm.MintToParams(
        program_id=TOKEN_PROGRAM_ID,
        mint=mint,
        dest=account,
        mint_authority=authority.pubkey(),
        amount=amount,
    )
    return send(net, [ti.mint_to(params)], [authority])


def wrap_sol(net: Localnet, owner: Keypair, lamports: int) -> Pubkey:
    """Put SOL into the owner's wrapped-SOL account, made if missing; its address."""
    account = ti.get_associated_token_address(owner.pubkey(), WRAPPED_SOL_MINT, TOKEN_PROGRAM_ID)
    make = ti.create_idempotent_associated_token_account(
        owner.pubkey(), owner.pubkey(), WRAPPED_SOL_MINT, TOKEN_PROGRAM_ID
    )
    pay = transfer(TransferParams(from_pubkey=owner.pubkey(), to_pubkey=account, lamports=lamports))
    sync = ti.sync_native(tm.SyncNativeParams(program_id=TOKEN_PROGRAM_ID, account=account))
    send(net, [make, pay, sync], [owner])
    return account


def approve(
    net: Localnet, owner: Keypair, account: Pubkey, mint: Pubkey, delegate: Pubkey, amount: int, decimals: int
) -> str:
    """Let a delegate pull up to ``amount``; replaces an earlier delegate."""
    params = tm.ApproveCheckedParams(
        program_id=TOKEN_PROGRAM_ID,
        source=account,
        mint=mint,
        delegate=delegate,
        owner=owner.pubkey(),
        amount=amount,
        decimals=decimals,
    )
    return send(net, [ti.approve_checked(params)], [owner])


def revoke(net: Localnet, owner: Keypair, account: Pubkey) -> str:
    """Take the delegate away."""
    params = tm.RevokeParams(program_id=TOKEN_PROGRAM_ID, account=account, owner=owner.pubkey())
    return send(net, [ti.revoke(params)], [owner])


def freeze(net: Localnet, authority: Keypair, account: Pubkey, mint: Pubkey) -> str:
    """Freeze a token account: pulls then fail with Custom(17)."""
    params = tm.FreezeAccountParams(
        program_id=TOKEN_PROGRAM_ID, account=account, mint=mint, authority=authority.pubkey()
    )
    return send(net, [ti.freeze_account(params)], [authority])


def thaw(net: Localnet, authority: Keypair, account: Pubkey, mint: Pubkey) -> str:
    """Undo ``freeze``."""
    params = tm.ThawAccountParams(
        program_id=TOKEN_PROGRAM_ID, account=account, mint=mint, authority=authority.pubkey()
    )
    return send(net, [ti.thaw_account(params)], [authority])


def pull(
    source: Pubkey, mint: Pubkey, destination: Pubkey, authority: Pubkey, amount: int, decimals: int
) -> Instruction:
    """A transferChecked by owner or delegate, as an instruction."""
    return ti.transfer_checked(
        tm.TransferCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            source=source,
            mint=mint,
            dest=destination,
            owner=authority,
            amount=amount,
            decimals=decimals,
        )
    )


def memo(signer: Pubkey, text: str) -> Instruction:
    """A memo instruction signed by ``signer``."""
    return create_memo(MemoParams(program_id=MEMO_PROGRAM_ID, signer=signer, message=text.encode()))


def pay(source: Pubkey, destination: Pubkey, lamports: int) -> Instruction:
    """A transfer of SOL, as an instruction."""
    return transfer(TransferParams(from_pubkey=source, to_pubkey=destination, lamports=lamports))


def token_balance(net: Localnet, account: Pubkey) -> int:
    """Tokens in an account, in the smallest unit."""
    return int(net.call("getTokenAccountBalance", str(account))["value"]["amount"])
