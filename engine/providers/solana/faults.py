"""What can go wrong when a node is asked. Texts name the host at most: a URL may hold a key."""

from __future__ import annotations

from typing import Any

RATE_LIMITED = frozenset({429, -32429})
BEHIND = frozenset({-32005, -32016, -32004, -32014})
HISTORY_OFF = -32011  # this node keeps no transaction history


class RpcFault(Exception):
    """Base: the node gave no usable result."""


class NotReached(RpcFault):
    """No connection was made: not one byte of the request left."""


class OutcomeUnknown(RpcFault):
    """The request may have been acted upon: timeout, broken connection, 5xx, unreadable answer."""


class RateLimited(RpcFault):
    """429 by HTTP or by JSON. `retry_after` is in seconds, None if the node did not say."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RpcError(RpcFault):
    """A JSON-RPC error answer."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.data = code, message, data


class NodeBehind(RpcError):
    """The node says that it lags (-32005, -32016, -32004, -32014)."""


def from_member(error: Any, host: str, retry_after: float | None) -> RpcFault:
    """The fault behind the `error` member of an answer; one that is no error object is OutcomeUnknown."""
    if not isinstance(error, dict) or type(error.get("code")) is not int:
        return OutcomeUnknown(f"{host} answered an error that can't be read")
    code, text = error["code"], str(error.get("message", ""))[:300]
    if code in RATE_LIMITED:
        return RateLimited(f"{host} limits our rate", retry_after)
    kind = NodeBehind if code in BEHIND else RpcError
    return kind(code, text, error.get("data"))
