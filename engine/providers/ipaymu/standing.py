"""How iPaymu is: the balance asked for, which moves nothing and needs the right credentials."""

from __future__ import annotations

from engine.providers.abilities import Standing
from engine.providers.edge.faults import Fault
from engine.providers.ipaymu import client
from engine.providers.ipaymu.account import Account
from engine.providers.ipaymu.client import Trouble
from engine.providers.ipaymu.transaction import whole


def standing(account: Account) -> Standing:
    """Calls out; never raises for the world's faults. Wrong credentials are told by the variables' names."""
    try:
        reply = client.post(
            account, "/balance", client.written({"account": account.va}), operation="standing"
        )
    except Fault as fault:
        return Standing(fault.code == "rate_limited", fault.message)
    if reply.trouble is Trouble.CREDENTIALS:
        return Standing(False, f"iPaymu refuses IPAYMU_VA and IPAYMU_API_KEY: {reply.message}")
    if reply.trouble:
        return Standing(False, reply.message)
    data = reply.data if isinstance(reply.data, dict) else {}
    if whole(data.get("MerchantBalance")) is None:
        return Standing(False, "iPaymu's answer names no balance")
    return Standing(True, "iPaymu answers")
