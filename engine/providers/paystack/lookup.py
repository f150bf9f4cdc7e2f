"""Look attempts up, a few at once: Paystack answers one reference at a time, and a lane has many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from engine.providers.base import Asked, Finding
from engine.providers.edge.faults import Fault
from engine.providers.paystack import charge, findings, payout, refund
from engine.providers.paystack.client import Client

THREADS = 8
_LOOKS: dict[str, Callable[[Client, Asked], Finding]] = {
    "charge": charge.look,
    "refund": refund.look,
    "payout": payout.look,
}


def look(client: Client, asked: Sequence[Asked]) -> dict[UUID, Finding]:
    """The truth by attempt id; who found no room or no answer is left out, and asked again later.

    Calls out, by threads that only speak HTTP. Raises ProviderUnavailable if nothing could be learned.
    """
    if len(asked) == 1:
        answers = [_one(client, asked[0])]
    else:
        with ThreadPoolExecutor(min(THREADS, len(asked)), thread_name_prefix="look-paystack") as pool:
            answers = list(pool.map(lambda one: _one(client, one), asked))
    found = {
        one.attempt_id: answer
        for one, answer in zip(asked, answers, strict=True)
        if isinstance(answer, Finding)
    }
    faults = [answer for answer in answers if isinstance(answer, Fault)]
    if faults and not found:
        raise findings.unavailable(faults[0])
    return found


def _one(client: Client, asked: Asked) -> Finding | Fault:
    try:
        return _LOOKS[asked.operation](client, asked)
    except Fault as fault:
        return fault
