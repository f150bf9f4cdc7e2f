"""The localnet's truth log, reduced to what the books are compared with."""

from collections.abc import Callable, Iterator
from typing import Any

from ops.chain import ChainTransfer

NOBODYS = "-"


def transfers(
    entries: list[dict[str, Any]], *, collectors: set[str], code: Callable[[str], str]
) -> Iterator[ChainTransfer]:
    """One per executed transaction that moved tokens by a collector key, or that carries a memo and failed.

    A pull of ours without a memo is money moved for nobody: its memo is NOBODYS, which no payment has. Amounts in
    minor units, our fee payer's loss in lamports; `code` turns a mint into its currency code.
    """
    for entry in entries:
        legs = [leg for leg in entry["transfers"] if leg["authority"] in collectors]
        if not legs and (entry["err"] is None or not entry["memos"]):
            continue
        moved = legs if entry["err"] is None else []
        yield ChainTransfer(
            memo=entry["memos"][0] if entry["memos"] else NOBODYS,
            signature=entry["signature"],
            gross_minor=sum(int(leg["amount"]) for leg in moved),
            fee_minor=_spent(entry),
            currency=code(legs[0]["mint"]) if legs else "",
            err=entry["err"],
        )


def _spent(entry: dict[str, Any]) -> int:
    """Lamports that the fee payer lost: fee and rent."""
    for change in entry["lamport_changes"]:
        if change["account"] == entry["fee_payer"]:
            return -int(change["change"])
    return int(entry["fee"])
