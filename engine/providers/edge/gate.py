"""May a lane's batch go out now: the breaker's advice and the outbound limit, as holds that wait in the lane.

Asked in `context`; nothing was signed yet, nothing has left. All other calls ask as they leave (http.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from engine.providers.base import Hold, HoldKind, Payable, ProviderUnavailable
from engine.providers.edge import breaker, limiter
from engine.providers.edge.limiter import Limit


def admit(
    payables: Sequence[Payable], *, provider: str, operation: str, limit: Limit, calls: int = 1
) -> dict[UUID, Hold]:
    """Who of a batch must wait, with a reason and `retry_seconds`; the others' room is taken. Asks Redis.

    `calls` are what one payment takes. Raises ProviderUnavailable where the breaker lets nobody through; while it
    tries again one payment goes and the others wait for what becomes of it.
    """
    look = _look(provider, operation)
    going = len(payables) if look is None else look
    granted = limiter.take(limit, want=going * calls)
    room = -(
        -granted.calls // calls
    )  # a payment whose first call has room goes; its others come out of the next second
    full, sick = (
        f"{provider} allows no more calls at once",
        f"one call tries whether {provider} answers again",
    )
    late = [
        # One after the other, not all at once.
        _hold(one, "rate_limited", full, granted.retry_seconds + place * calls / limit.per_second)
        for place, one in enumerate(payables[room:going])
    ]
    waiting = [_hold(one, "breaker_open", sick, 1.0) for one in payables[going:]]
    return {hold.payment_id: hold for hold in late + waiting}


def _look(provider: str, operation: str) -> int | None:
    look = breaker.look(provider, operation)
    if look.calls == 0:
        text = f"{provider} did not answer lately; {operation} waits until one call got through"
        raise ProviderUnavailable("breaker_open", text, look.retry_seconds)
    return look.calls


def _hold(one: Payable, code: str, message: str, seconds: float) -> Hold:
    return Hold(one.payment_id, HoldKind.PROVIDER, code, message, seconds)
