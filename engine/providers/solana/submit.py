"""One send, and what its answer proves. Almost nothing proves that bytes went nowhere."""

from __future__ import annotations

import base64
from typing import Any

from engine.providers.base import FailureClass, Finding, Outcome, Sendable
from engine.providers.solana.faults import (
    NodeBehind,
    NotReached,
    RateLimited,
    RpcError,
    RpcFault,
)
from engine.providers.solana.rpc import Client

PREFLIGHT = -32002
# maxRetries 0: the engine owns every retry, and it sends the same bytes. skipPreflight: a preflight on
# one node says nothing about the cluster, and the accounts were checked before signing.
OPTIONS = {"encoding": "base64", "skipPreflight": True, "maxRetries": 0}


def submit(client: Client, sendable: Sendable) -> Finding:
    """Send the bytes once. Calls out; never raises for the world's faults."""
    text = base64.b64encode(sendable.envelope).decode()
    try:
        answer = client.send("sendTransaction", [text, OPTIONS])
    except RpcFault as fault:
        return of_fault(fault)
    if answer != sendable.identity:
        return _unknown("odd_answer", "The node answered with something else than our signature.")
    # An answer is no landing: the status decides.
    return Finding(Outcome.PENDING, code="accepted", message="A node took it.", provider_ref=answer)


def of_fault(fault: RpcFault) -> Finding:
    """What a failed send proves. Pure.

    NOT_LEFT lets the engine sign anew, so it is said only where no connection was made. Any answer, be
    it a 429, "behind", a bad signature, bad parameters or a preflight refusal, may come through a balancer
    that asked a second node after the first one took the bytes and lost its answer; it is no proof. The
    same bytes are then sent again, which costs nothing, and their absence is shown by the height.
    """
    if isinstance(fault, NotReached):
        return Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached", "No node could be reached.")
    if isinstance(fault, RateLimited):
        return _unknown("rate_limited", "The node limits our rate.", retry_seconds=fault.retry_after)
    if isinstance(fault, NodeBehind):
        return _unknown("node_behind", "The node lags behind the cluster.", code_seen=fault.code)
    if isinstance(fault, RpcError):
        return _of_refusal(fault)
    return _unknown("no_answer", str(fault))


def _of_refusal(refused: RpcError) -> Finding:
    if refused.code == PREFLIGHT and _already_processed(refused):
        return Finding(Outcome.PENDING, code="already_processed", message="It is on the chain already.")
    return _unknown("refused_by_node", refused.message, code_seen=refused.code)


def _already_processed(refused: RpcError) -> bool:
    data = refused.data if isinstance(refused.data, dict) else {}
    return data.get("err") == "AlreadyProcessed" or "already been processed" in refused.message


def _unknown(code: str, message: str, *, retry_seconds: float | None = None, **detail: Any) -> Finding:
    return Finding(
        Outcome.UNKNOWN, FailureClass.UNKNOWN, code, message, retry_seconds=retry_seconds, detail=detail
    )
