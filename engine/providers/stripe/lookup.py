"""The truth about attempts, one call each: by an id, or by our identity in a list. And calling back."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

from engine.core import clock
from engine.providers.base import Asked, Finding
from engine.providers.edge.faults import Fault
from engine.providers.stripe import bank, charge, refund, refusal, transfer
from engine.providers.stripe.client import Api, Refused
from engine.providers.stripe.reading import differs, doubted, unknown

THREADS = 8


def look(api: Api, asked: Sequence[Asked]) -> dict[UUID, Finding]:
    """By attempt id; who found no room, or no answer, is left out and asked again later. Reads the database's clock.

    Calls out, by threads that only speak HTTP: one that hangs keeps no other from being seen. Raises
    ProviderUnavailable where nothing was learned.
    """
    if not asked:
        return {}
    now = clock.machine_now()
    with ThreadPoolExecutor(min(THREADS, len(asked)), thread_name_prefix="look-stripe") as pool:
        answers = list(pool.map(lambda one: _one(api, one, now), asked))
    found = {
        one.attempt_id: answer
        for one, answer in zip(asked, answers, strict=True)
        if isinstance(answer, Finding)
    }
    faults = [answer for answer in answers if not isinstance(answer, Finding)]
    if faults and not found:
        raise refusal.unavailable(faults[0])
    return found


def cancel(api: Api, one: Asked) -> Finding:
    """Call back what was not paid. Calls out; never raises for faults."""
    if one.operation == "charge":
        return charge.cancel(api, one)
    if one.data.get("leg") == bank.LEG:
        return bank.cancel(api, one)
    return unknown("not_cancelable", "Stripe calls back no refund and no transfer.")


def _one(api: Api, one: Asked, now: datetime) -> Finding | Fault | Refused:
    try:
        return _look(api, one, now)
    except (Fault, Refused) as fault:
        return fault


def _look(api: Api, one: Asked, now: datetime) -> Finding:
    finding = _once(api, one, now)
    if not differs(finding, one):
        return finding
    again = _once(api, one, now)
    same = (again.gross_minor, again.currency) == (finding.gross_minor, finding.currency)
    return again if same else doubted(finding)


def _once(api: Api, one: Asked, now: datetime) -> Finding:
    if one.operation == "charge":
        return charge.look(api, one, now)
    if one.operation == "refund":
        return refund.look(api, one)
    return bank.look(api, one) if one.data.get("leg") == bank.LEG else transfer.look(api, one)
