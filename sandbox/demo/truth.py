"""The localnet's truth log, reduced to what the books are compared with."""

from collections.abc import Callable, Iterator
from typing import Any

from ops.books import ChainTransfer
from sandbox.demo.wallets import account_of
from solders.pubkey import Pubkey


def transfers(
    entries: list[dict[str, Any]], *, collectors: set[str], fee_wallet: str, code: Callable[[str], str]
) -> Iterator[ChainTransfer]:
    """One per executed transaction that carries a memo and was signed by one of our collector keys.

    Amounts are minor units; `code` turns a mint into its currency code.
    """
    for entry in entries:
        legs = [leg for leg in entry["transfers"] if leg["authority"] in collectors]
        if not entry["memos"] or not (legs or entry["err"] is not None):
            continue
        mint = legs[0]["mint"] if legs else ""
        fee_account = str(account_of(Pubkey.from_string(fee_wallet), mint)) if mint and fee_wallet else ""
        amounts = [int(leg["amount"]) for leg in legs]
        yield ChainTransfer(
            memo=entry["memos"][0],
            signature=entry["signature"],
            gross_minor=sum(amounts),
            fee_minor=sum(int(leg["amount"]) for leg in legs if leg["destination"] == fee_account),
            currency=code(mint) if mint else "",
            network_fee_minor=_spent(entry),
            err=entry["err"],
        )


def _spent(entry: dict[str, Any]) -> int:
    """Lamports that the fee payer lost: fee and rent."""
    for change in entry["lamport_changes"]:
        if change["account"] == entry["fee_payer"]:
            return -int(change["change"])
    return int(entry["fee"])
