"""One HTTP exchange with one node, in the one way there is (engine/providers/edge/wire.py), in this rail's words."""

from __future__ import annotations

from engine.providers.edge import wire
from engine.providers.edge.faults import NoAnswer, NotSent
from engine.providers.solana.endpoints import Endpoint
from engine.providers.solana.faults import NotReached, OutcomeUnknown, RateLimited, RpcFault

BODY_BYTES_MAX = 32 * 2**20
CONNECT_SHARE, READ_SHARE = 0.3, 0.35  # of the deadline: a silent node leaves time to ask the next one
_IDLE_SECONDS = (
    30.0  # the bytes of a transaction may be sent again: a connection closed just now does no harm
)
_HEADERS = {"Content-Type": "application/json"}


def post(endpoint: Endpoint, body: bytes, seconds: float) -> tuple[bytes, float | None]:
    """Send one request within `seconds` in all; the answer's bytes and its Retry-After in seconds.

    Calls out. Raises NotReached, OutcomeUnknown or RateLimited.
    """
    fault: RpcFault
    try:
        raw = wire.send("POST", endpoint.url, _HEADERS, body, limits=_limits(seconds))
    except NotSent as error:
        fault = NotReached(error.message)
    except NoAnswer as error:
        fault = OutcomeUnknown(error.message)
    else:
        return _judged(endpoint, raw)
    raise fault  # outside the handler: one fault, not a chain of two


def _judged(endpoint: Endpoint, raw: wire.Raw) -> tuple[bytes, float | None]:
    wait = wire.retry_after(raw.headers.get("Retry-After"))
    if raw.status == 429:
        raise RateLimited(f"{endpoint.host} limits our rate", wait)
    if raw.status >= 500 or 300 <= raw.status < 400:
        raise OutcomeUnknown(f"{endpoint.host} answered HTTP {raw.status}")
    return raw.body, wait


def _limits(seconds: float) -> wire.Limits:
    return wire.Limits(
        seconds=seconds,
        connect_seconds=seconds * CONNECT_SHARE,
        read_seconds=seconds * READ_SHARE,
        bytes_max=BODY_BYTES_MAX,
        idle_seconds=_IDLE_SECONDS,
    )
