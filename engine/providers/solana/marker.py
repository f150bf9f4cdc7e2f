"""strict_once: an account that can be created once per payment, as a lock on the chain itself.

It is the transaction's first instruction, so a second transaction of the same payment fails before it
moves anything, even where every node lied about the first. Its base is the collector key whose version the
payment has frozen, so the address stays the same when the fee payer is exchanged and when the payer has
meanwhile approved a newer collector, which then pulls.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountWithSeedParams, create_account_with_seed

from engine.providers.solana.addresses import SYSTEM_PROGRAM_ID

TAKEN = {"InstructionError": [0, {"Custom": 0}]}  # SystemError::AccountAlreadyInUse


def address(payment_id: UUID, base: Pubkey) -> Pubkey:
    """Where the payment's marker is. The seed is the payment's 32 hexadecimal characters."""
    return Pubkey.create_with_seed(base, payment_id.hex, SYSTEM_PROGRAM_ID)


def instruction(payment_id: UUID, payer: Pubkey, base: Pubkey, lamports: int) -> Instruction:
    """Create the marker, its rent of `lamports` paid by `payer`."""
    return create_account_with_seed(
        CreateAccountWithSeedParams(
            from_pubkey=payer,
            to_pubkey=address(payment_id, base),
            base=base,
            seed=payment_id.hex,
            lamports=lamports,
            space=0,
            owner=SYSTEM_PROGRAM_ID,
        )
    )


def is_taken(err: Any, steps: list[str]) -> bool:
    """Whether a transaction failed because the payment's marker exists. Never a decline."""
    return steps[:1] == ["marker"] and bool(err == TAKEN)
