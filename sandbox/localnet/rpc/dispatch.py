"""One HTTP body to one answer: envelopes, batches, and the faults drawn for each call."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.localnet.faults import Fault
from sandbox.localnet.rpc import accounts, blocks, control, errors, node, preflight, searching, sending
from sandbox.localnet.rpc.params import Call
from sandbox.localnet.view import View

METHODS: dict[str, Callable[[Call], Any]] = {
    **node.METHODS,
    **blocks.METHODS,
    **accounts.METHODS,
    **preflight.METHODS,
    **sending.METHODS,
    **searching.METHODS,
}
# Faults that replace the answer to the whole HTTP request rather than one member of a batch.
TRANSPORT = {"lost", "http_429", "http_5xx"}
JSON_TYPE = "application/json"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Reply:
    """An HTTP answer; ``lost`` closes the connection without one."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    content_type: str = JSON_TYPE


@dataclass(slots=True)
class Plan:
    """A parsed body with its faults drawn, ready to run after ``delay_ms``."""

    view: View
    requests: list[Any]
    batch: bool
    local: bool
    faults: list[Fault | None]
    delay_ms: int = 0


class Dispatcher:
    """Answers bodies for one server."""

    def __init__(self, steering: control.Control) -> None:
        self._control = steering

    def plan(self, view: View, body: bytes, local: bool) -> Plan | Reply:
        """Parse a body and draw its faults; an answer at once if it is no JSON-RPC."""
        try:
            parsed = json.loads(body)
        except ValueError:
            return Reply(200, _dump(_failure(None, errors.RpcError(errors.PARSE_ERROR, "Parse error"))))
        batch = isinstance(parsed, list)
        requests = parsed if batch else [parsed]
        if not requests:
            return Reply(200, _dump(_failure(None, _invalid_request())))
        plan = Plan(view, requests, batch, local, [])
        for request in requests:
            plan.faults.append(self._draw(plan, request))
        return plan

    def run(self, plan: Plan) -> Reply:
        """Execute what the faults let through, and answer what they let be said."""
        transport = next((each for each in plan.faults if each and each.kind in TRANSPORT), None)
        if transport and transport.when == "before":
            return _transport_reply(transport)
        answers = [self._answer(plan, *pair) for pair in zip(plan.requests, plan.faults, strict=True)]
        if transport:
            return _transport_reply(transport)
        limited = next((each for each in plan.faults if each and each.kind == "rpc_429"), None)
        headers = {"Retry-After": str(limited.retry_after)} if limited else {}
        return Reply(200, _dump(answers if plan.batch else answers[0]), headers)

    def _draw(self, plan: Plan, request: Any) -> Fault | None:
        method = request.get("method") if isinstance(request, dict) else None
        if not isinstance(method, str) or method.startswith(control.PREFIX):
            return None
        chosen = None
        for fault in self._control.faults.draw(method, "lag" if plan.view.lag else "main"):
            if fault.kind == "slow":
                plan.delay_ms += fault.delay_ms
            else:
                chosen = fault
        return chosen

    def _answer(self, plan: Plan, request: Any, fault: Fault | None) -> dict[str, Any]:
        number = request.get("id") if isinstance(request, dict) else None
        try:
            return {"jsonrpc": "2.0", "result": self._result(plan, request, fault), "id": number}
        except errors.RpcError as error:
            return _failure(number, error)
        except Exception as error:
            log.exception("internal error in %r", request)
            return _failure(number, errors.RpcError(errors.INTERNAL_ERROR, f"Internal error: {error!r}"))

    def _result(self, plan: Plan, request: Any, fault: Fault | None) -> Any:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            raise _invalid_request()
        params = request.get("params")
        if params is not None and not isinstance(params, list):
            raise errors.invalid_params("`params` should be an array")
        view = plan.view
        if fault and fault.kind == "rpc_429":
            raise errors.RpcError(fault.code, "Too many requests for a specific RPC call")
        if fault and fault.kind == "behind":
            raise errors.node_behind(fault.slots)
        if fault and fault.kind == "stale":
            view = replace(view, lag=view.lag + fault.slots)
        if fault and fault.kind == "purged":
            view = replace(view, keeps=fault.slots)
        return self._method(request["method"], plan.local)(Call(view, params or [], fault))

    def _method(self, name: str, local: bool) -> Callable[[Call], Any]:
        known = self._control.methods if local and name.startswith(control.PREFIX) else METHODS
        if name not in known:
            raise errors.RpcError(errors.METHOD_NOT_FOUND, "Method not found")
        return known[name]


def _transport_reply(fault: Fault) -> Reply:
    if fault.kind == "lost":
        return Reply(0, b"", lost=True)
    if fault.kind == "http_429":
        body, headers = b"Too Many Requests", {"Retry-After": str(fault.retry_after)}
        return Reply(429, body, headers, content_type="text/plain")
    return Reply(fault.status, b"upstream error", content_type="text/plain")


def _failure(number: Any, error: errors.RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "error": error.member(), "id": number}


def _invalid_request() -> errors.RpcError:
    return errors.RpcError(errors.INVALID_REQUEST, "Invalid request")


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
