"""The truth about attempts, one call each: by an id, or by our identity in a list. And calling back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from engine.providers.base import Asked, Finding
from engine.providers.edge import gate
from engine.providers.edge.faults import Fault
from engine.providers.stripe import bank, charge, refund, refusal, transfer
from engine.providers.stripe.account import NAME
from engine.providers.stripe.client import Api, Refused
from engine.providers.stripe.reading import unknown


def look(api: Api, asked: Sequence[Asked]) -> dict[UUID, Finding]:
    """By attempt id; who found no room, or stands behind one that was not answered, is left out. Calls out.

    Raises ProviderUnavailable where nothing was learned.
    """
    if not asked:
        return {}
    room = gate.ask(provider=NAME, operation="lookup", limit=api.account.limit, want=len(asked))
    found: dict[UUID, Finding] = {}
    for one in asked[:room]:
        try:
            found[one.attempt_id] = _look(api, one)
        except (Fault, Refused) as fault:
            if not found:
                raise refusal.unavailable(fault) from None
            break
    return found


def cancel(api: Api, one: Asked) -> Finding:
    """Call back what was not paid. Calls out; never raises for faults."""
    if one.operation == "charge":
        return charge.cancel(api, one)
    if one.data.get("leg") == bank.LEG:
        return bank.cancel(api, one)
    return unknown("not_cancelable", "Stripe calls back no refund and no transfer.")


def _look(api: Api, one: Asked) -> Finding:
    if one.operation == "charge":
        return charge.look(api, one)
    if one.operation == "refund":
        return refund.look(api, one)
    return bank.look(api, one) if one.data.get("leg") == bank.LEG else transfer.look(api, one)
