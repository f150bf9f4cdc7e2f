"""Reading the books."""

from __future__ import annotations

from collections.abc import Iterable

from engine.core import sql


def balances(account_ids: Iterable[int]) -> dict[int, int]:
    """Balance of each account now, minor units, debits less credits: stored plus open deltas. Reads."""
    found = sql.rows(sql.statement(__file__, "balances"), {"accounts": list(account_ids)})
    return {account: int(amount) for account, amount in found}
