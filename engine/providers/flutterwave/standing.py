"""How the other side is: one harmless call, whose refusal names the variables that hold the credentials."""

from __future__ import annotations

from engine.providers.abilities import Standing
from engine.providers.edge.faults import Fault
from engine.providers.flutterwave import reading
from engine.providers.flutterwave.dialect import Dialect


def ask(dialect: Dialect) -> Standing:
    """Read the wallets' balances. Calls out, never raises for the world's faults."""
    try:
        dialect.client.credentials.renew()
        answer = dialect.client.get(dialect.balances, operation="standing")
    except Fault as fault:
        return Standing(fault.code == "rate_limited", dialect.client.said(fault.message))
    if answer.status in (401, 403):
        return Standing(False, f"{dialect.variables} were refused (HTTP {answer.status})")
    if answer.status != 200 or not isinstance(reading.data_of(answer), list):
        return Standing(False, f"the wallets can't be read (HTTP {answer.status})")
    return Standing(True, "connected")
