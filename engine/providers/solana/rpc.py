"""A small synchronous JSON-RPC client. Its answers are parsed here: solders' parser can kill a process.

Reads go to the next endpoint when one fails. A send goes to one endpoint, once, and says what happened.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar

from django.conf import settings

from engine.providers.solana import transport
from engine.providers.solana.endpoints import Endpoint, Endpoints
from engine.providers.solana.faults import (
    NodeBehind,
    OutcomeUnknown,
    RateLimited,
    RpcError,
    RpcFault,
    from_member,
)

Call: TypeAlias = tuple[str, list[Any]]
T = TypeVar("T")


class Client:
    """JSON-RPC over several endpoints. `seconds` is the total time of one call, failover included."""

    def __init__(self, urls: Sequence[str], seconds: float) -> None:
        self.endpoints = Endpoints(urls)
        self.seconds = seconds

    def read(self, method: str, params: list[Any]) -> Any:
        """The result of a call that changes nothing. Calls out. Raises RpcFault."""
        return self._failover(lambda node, seconds: _one(node, (method, params), seconds))

    def read_many(self, calls: Sequence[Call]) -> list[Any]:
        """Results in order, of one batch answered by one endpoint; a refused member is its RpcError.

        Calls out. Raises RpcFault where the whole batch failed, or a member says 429 or "behind".
        """
        return self._failover(lambda node, seconds: _many(node, calls, seconds))

    def read_at(self, endpoint: Endpoint, method: str, params: list[Any]) -> Any:
        """The result from this endpoint and no other. Calls out. Raises RpcFault."""
        return self._watched(endpoint, lambda: _one(endpoint, (method, params), self.seconds))

    def send(self, method: str, params: list[Any]) -> Any:
        """One try at the healthiest endpoint, for calls that act. Calls out. Raises RpcFault."""
        return self.read_at(self.endpoints.ordered()[0], method, params)

    def _failover(self, ask: Callable[[Endpoint, float], T]) -> T:
        until = time.monotonic() + self.seconds
        fault: RpcFault = OutcomeUnknown("no endpoint answered in time")
        for endpoint in self.endpoints.ordered():
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                return self._watched(endpoint, lambda node=endpoint, span=left: ask(node, span))  # type: ignore[misc]
            except RpcFault as error:
                if isinstance(error, RpcError) and not isinstance(error, NodeBehind):
                    raise  # an answer, and the next node would give the same
                fault = error
        raise fault

    def _watched(self, endpoint: Endpoint, ask: Callable[[], T]) -> T:
        try:
            result = ask()
        except RateLimited as limited:
            self.endpoints.failed(endpoint, limited.retry_after)
            raise
        except RpcFault as fault:
            if not isinstance(fault, RpcError) or isinstance(fault, NodeBehind):
                self.endpoints.failed(endpoint)
            raise
        self.endpoints.succeeded(endpoint)
        return result


def client() -> Client:
    """The client of this process for the configured endpoints."""
    return _client(tuple(settings.ENV.rpc_endpoints), settings.ENV.send_deadline_seconds)


@cache
def _client(urls: tuple[str, ...], seconds: float) -> Client:
    return Client(urls, seconds)


def _one(endpoint: Endpoint, call: Call, seconds: float) -> Any:
    body, wait = transport.post(endpoint, _dump(_envelope(0, call)), seconds)
    answer = _load(body, endpoint)
    if not isinstance(answer, dict) or (answer.get("id") != 0 and not answer.get("error")):
        raise OutcomeUnknown(f"{endpoint.host} answered something else")
    return _result(answer, endpoint, wait)


def _many(endpoint: Endpoint, calls: Sequence[Call], seconds: float) -> list[Any]:
    body, wait = transport.post(endpoint, _dump([_envelope(n, c) for n, c in enumerate(calls)]), seconds)
    answer = _load(body, endpoint)
    if isinstance(answer, dict) and answer.get("error"):
        raise from_member(answer["error"], endpoint.host, wait)
    if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
        raise OutcomeUnknown(f"{endpoint.host} answered no batch")
    by_id = {each["id"]: each for each in answer if type(each.get("id")) is int}
    if any(number not in by_id for number in range(len(calls))):
        raise OutcomeUnknown(f"{endpoint.host} answered a part of the batch")
    return [_member(by_id[number], endpoint, wait) for number in range(len(calls))]


def _member(answer: dict[str, Any], endpoint: Endpoint, wait: float | None) -> Any:
    try:
        return _result(answer, endpoint, wait)
    except NodeBehind:
        raise
    except RpcError as refused:
        return refused


def _result(answer: dict[str, Any], endpoint: Endpoint, wait: float | None) -> Any:
    if answer.get("error") is not None:
        raise from_member(answer["error"], endpoint.host, wait)
    if "result" not in answer:
        raise OutcomeUnknown(f"{endpoint.host} answered without a result")
    return answer["result"]


def _envelope(number: int, call: Call) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": call[0], "params": call[1]}


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _load(body: bytes, endpoint: Endpoint) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        pass
    raise OutcomeUnknown(f"{endpoint.host} answered something that is no JSON")
