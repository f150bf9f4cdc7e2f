"""A payment as one signed transaction. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from spl.memo.constants import MEMO_PROGRAM_ID
from spl.memo.instructions import create_memo
from spl.memo.models import MemoParams
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import create_idempotent_associated_token_account, transfer_checked
from spl.token.models import TransferCheckedParams

from engine.providers.solana import marker, memo
from engine.providers.solana.instructions import Terms

SIGNATURE_LAMPORTS = 5_000
OPEN_UNITS = 30_000  # compute units that opening one associated account may add


@dataclass(frozen=True, slots=True)
class Order:
    """What one transaction is to do. Amounts in minor units, rent in lamports."""

    payment_id: UUID
    terms: Terms
    pay_minor: int
    fee_minor: int
    open_payee: bool
    open_fee: bool
    marker_rent: int | None  # None: no marker


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction. `steps` names its instructions in order, to read an error's index by."""

    signature: str
    raw: bytes
    steps: list[str]


def sign(
    order: Order, *, blockhash: str, fee_payer: Keypair, collector: Keypair, base: Keypair | None = None
) -> Signed:
    """Build and sign. The same order, keys and blockhash give the same signature.

    `base` is the marker's, where there is one: the collector key frozen with the payment, whoever pulls now.
    """
    marks = base or collector
    named = _instructions(order, fee_payer.pubkey(), collector.pubkey(), marks.pubkey())
    message = MessageV0.try_compile(
        fee_payer.pubkey(), [each for _, each in named], [], Hash.from_string(blockhash)
    )
    pairs = (fee_payer, collector, *([marks] if order.marker_rent is not None else []))
    signers = {str(pair.pubkey()): pair for pair in pairs}
    tx = VersionedTransaction(message, list(signers.values()))
    return Signed(str(tx.signatures[0]), bytes(tx), [name for name, _ in named])


def network_lamports(order: Order, *, account_rent: int) -> int:
    """The most that this transaction costs our fee payer: fees and rent."""
    limit, price = compute_budget(order)
    rent = account_rent * (order.open_payee + order.open_fee) + (order.marker_rent or 0)
    signatures = 2 if order.marker_rent is None else 3
    return signatures * SIGNATURE_LAMPORTS + -(-limit * price // 1_000_000) + rent


def compute_budget(order: Order) -> tuple[int, int]:
    """(compute units, micro-lamports per unit), with the price held under the lamport cap."""
    env = settings.ENV
    limit = env.solana_compute_limit + OPEN_UNITS * (order.open_payee + order.open_fee)
    return limit, min(env.solana_priority_fee, env.solana_priority_fee_cap * 1_000_000 // limit)


def _instructions(
    order: Order, payer: Pubkey, collector: Pubkey, base: Pubkey
) -> list[tuple[str, Instruction]]:
    terms, (limit, price) = order.terms, compute_budget(order)
    steps: list[tuple[str, Instruction]] = []
    if order.marker_rent is not None:
        # First, so that its own error has index 0 and nothing else has run.
        steps.append(("marker", marker.instruction(order.payment_id, payer, base, order.marker_rent)))
    steps.append(("limit", set_compute_unit_limit(limit)))
    if price:
        steps.append(("price", set_compute_unit_price(price)))
    if order.open_payee:
        steps.append(("open_payee", _open(payer, terms.payee, terms.mint)))
    if order.open_fee:
        steps.append(("open_fee", _open(payer, terms.fee_wallet, terms.mint)))
    if order.pay_minor:
        steps.append(("pay", _move(terms, collector, terms.payee_account, order.pay_minor)))
    if order.fee_minor:
        steps.append(("fee", _move(terms, collector, terms.fee_account, order.fee_minor)))
    note = MemoParams(
        program_id=MEMO_PROGRAM_ID, signer=collector, message=memo.text(order.payment_id).encode()
    )
    return [*steps, ("memo", create_memo(note))]


def _open(payer: Pubkey, owner: str, mint: str) -> Instruction:
    wallet, token = Pubkey.from_string(owner), Pubkey.from_string(mint)
    return create_idempotent_associated_token_account(payer, wallet, token, TOKEN_PROGRAM_ID)


def _move(terms: Terms, collector: Pubkey, to: str, amount_minor: int) -> Instruction:
    return transfer_checked(
        TransferCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            source=Pubkey.from_string(terms.source),
            mint=Pubkey.from_string(terms.mint),
            dest=Pubkey.from_string(to),
            owner=collector,
            amount=amount_minor,
            decimals=terms.decimals,
            signers=[],
        )
    )
