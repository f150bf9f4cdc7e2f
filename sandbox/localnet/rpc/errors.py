"""JSON-RPC errors with the codes and texts of an Agave node."""

from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
PREFLIGHT_FAILURE = -32002
SIGNATURE_FAILURE = -32003
NODE_UNHEALTHY = -32005
SLOT_SKIPPED = -32009
UNSUPPORTED_VERSION = -32015
MIN_CONTEXT_SLOT = -32016


class RpcError(Exception):
    """An error answer. ``data`` is left out of the envelope when None."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def member(self) -> dict[str, Any]:
        """The ``error`` member of the envelope."""
        body = {"code": self.code, "message": self.message}
        return body if self.data is None else body | {"data": self.data}


def invalid_params(message: str) -> RpcError:
    """-32602."""
    return RpcError(INVALID_PARAMS, message)


def slot_skipped(slot: int) -> RpcError:
    """-32009 as a node that has no block of that slot answers."""
    return RpcError(SLOT_SKIPPED, f"Slot {slot} was skipped, or missing in long-term storage")


def node_behind(slots: int) -> RpcError:
    """-32005 as a node that lags answers."""
    return RpcError(NODE_UNHEALTHY, f"Node is behind by {slots} slots", {"numSlotsBehind": slots})
