"""What token accounts hold and which transfers a transaction made."""

from collections.abc import Sequence
from dataclasses import dataclass

from solders.account import Account
from solders.instruction import CompiledInstruction
from solders.pubkey import Pubkey

from sandbox.localnet.addresses import TOKEN_ACCOUNT_SIZE, TOKEN_PROGRAMS

TRANSFER, TRANSFER_CHECKED = 3, 12
ACCOUNT_TYPE_OFFSET = TOKEN_ACCOUNT_SIZE  # Token-2022 writes here whether extra bytes belong to a mint (1)
STATE_OFFSET = 108


@dataclass(slots=True)
class TokenBalance:
    """One token account at one moment; ``index`` counts in the transaction's account keys."""

    index: int
    mint: Pubkey
    owner: Pubkey
    program: Pubkey
    amount: int


@dataclass(slots=True)
class TokenTransfer:
    """A transfer instruction that ran; ``mint`` is None for the unchecked form without balances."""

    source: Pubkey
    destination: Pubkey
    mint: Pubkey | None
    amount: int
    authority: Pubkey


def balance_of(index: int, account: Account) -> TokenBalance | None:
    """The token balance in an account, or None if it is no initialized token account."""
    if account.owner not in TOKEN_PROGRAMS:
        return None
    data = account.data
    if len(data) < TOKEN_ACCOUNT_SIZE or data[STATE_OFFSET] == 0:
        return None
    if len(data) > TOKEN_ACCOUNT_SIZE and data[ACCOUNT_TYPE_OFFSET] == 1:
        return None
    amount = int.from_bytes(data[64:72], "little")
    return TokenBalance(
        index, Pubkey.from_bytes(data[0:32]), Pubkey.from_bytes(data[32:64]), account.owner, amount
    )


def transfers(
    instructions: Sequence[CompiledInstruction], keys: Sequence[Pubkey], mints: dict[Pubkey, Pubkey]
) -> list[TokenTransfer]:
    """Transfers among instructions, outer or inner; ``mints`` gives the mint of an account."""
    found = []
    for ix in instructions:
        if keys[ix.program_id_index] not in TOKEN_PROGRAMS:
            continue
        data, accounts = bytes(ix.data), [keys[i] for i in bytes(ix.accounts)]
        amount = int.from_bytes(data[1:9], "little")
        if data[0] == TRANSFER_CHECKED:
            source, mint, destination, authority = accounts[:4]
            found.append(TokenTransfer(source, destination, mint, amount, authority))
        elif data[0] == TRANSFER:
            source, destination, authority = accounts[:3]
            mint_of = mints.get(source) or mints.get(destination)
            found.append(TokenTransfer(source, destination, mint_of, amount, authority))
    return found


def ui_amount(amount: int, decimals: int) -> dict[str, object]:
    """An amount as the RPC prints it: integer text, decimals, float and exact decimal text."""
    whole, rest = divmod(amount, 10**decimals)
    text = f"{whole}.{rest:0{decimals}d}".rstrip("0").rstrip(".") if decimals else str(whole)
    return {
        "uiAmount": amount / 10**decimals,
        "decimals": decimals,
        "amount": str(amount),
        "uiAmountString": text,
    }
