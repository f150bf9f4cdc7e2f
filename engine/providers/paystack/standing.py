"""How our account stands: one harmless call, by which wrong credentials are named, and what is in the balance."""

from __future__ import annotations

from engine.providers.abilities import Standing
from engine.providers.edge.faults import Fault
from engine.providers.paystack import findings, strict
from engine.providers.paystack.client import Client
from engine.providers.paystack.strict import Odd

_SECONDS = 5.0


def now(client: Client) -> Standing:
    """Whether Paystack answers, and to our key. Calls out; the world's faults are an answer, never raised."""
    try:
        held = balances(client)
    except Fault as fault:
        return Standing(fault.code == "rate_limited", findings.unavailable(fault).message)
    except Odd as odd:
        return Standing(False, f"the balance can't be read: {odd}")
    return Standing(True, f"answers in {client.account.domain} mode, balances in {', '.join(sorted(held))}")


def balances(client: Client) -> dict[str, int]:
    """What transfers can be made from, in minor units by currency. Calls out. Raises Fault and Odd."""
    rows = strict.items(client.get("/balance", seconds=_SECONDS).data)
    return {strict.currency(row): _held(row) for row in (strict.members(each, "a balance") for each in rows)}


def _held(row: object) -> int:
    value = row.get("balance") if isinstance(row, dict) else None
    if type(value) is not int:  # below zero after a dispute
        raise Odd("balance is no whole number")
    return value
