"""The client against nodes that misbehave, over real HTTP."""

from __future__ import annotations

import json
import traceback
from typing import Any

import pytest

from engine.providers.solana import transport
from engine.providers.solana.faults import (
    NodeBehind,
    NotReached,
    OutcomeUnknown,
    RateLimited,
    RpcError,
    RpcFault,
)
from engine.providers.solana.rpc import Client
from tests.solana.scripted import Answer, node, raw, results

DEAD = "http://127.0.0.1:9"
OK = results({"getSlot": 7, "sendTransaction": "sig"})


def ask(answer: Answer, method: str = "getSlot") -> Any:
    with node(answer) as (url, _):
        return Client([url], 5).read(method, [])


def body(**members: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 0, **members}).encode()


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (raw(200, b"<html>"), OutcomeUnknown),
        (raw(200, b""), OutcomeUnknown),
        (raw(200, b"[" * 200_000), OutcomeUnknown),
        (raw(200, b"\xff\xfe"), OutcomeUnknown),
        (raw(200, body()), OutcomeUnknown),
        (raw(200, b"[]"), OutcomeUnknown),
        (raw(200, json.dumps({"id": 5, "result": 1}).encode()), OutcomeUnknown),
        (raw(200, body(error="odd")), OutcomeUnknown),
        (raw(503, body(result=7)), OutcomeUnknown),
        (raw(302, b"", Location="http://127.0.0.1:9/"), OutcomeUnknown),
        (raw(429, b"", Retry_After="3"), RateLimited),
        (raw(200, body(error={"code": 429, "message": "slow"})), RateLimited),
        (raw(200, body(error={"code": -32429, "message": "slow"})), RateLimited),
        (raw(200, body(error={"code": -32005, "message": "behind"})), NodeBehind),
        (raw(200, body(error={"code": -32016, "message": "slot"})), NodeBehind),
        (raw(200, body(error={"code": -32602, "message": "params"})), RpcError),
        (raw(400, body(error={"code": -32602, "message": "params"})), RpcError),
    ],
)
def test_each_bad_answer_has_its_type(answer: Answer, fault: type[RpcFault]) -> None:
    with pytest.raises(fault) as raised:
        ask(answer)
    assert type(raised.value) is fault


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "BODY_BYTES_MAX", 1000)
    with pytest.raises(OutcomeUnknown, match="more than 1000 bytes"):
        ask(raw(200, body(result="x" * 200_000)))


def test_reads_go_on_to_the_next_endpoint_and_remember() -> None:
    with node(raw(503, b"")) as (bad, bad_asked), node(OK) as (good, _):
        client = Client([bad, good, DEAD], 5)
        assert client.read("getSlot", []) == 7
        assert client.read("getSlot", []) == 7
        assert len(bad_asked) == 1  # it rests
        assert [each.score for each in client.endpoints.all] == [1, 0, 0]


def test_an_answer_that_is_an_error_is_not_asked_elsewhere() -> None:
    with (
        node(raw(200, body(error={"code": -32602, "message": "params"}))) as (url, _),
        node(OK) as (good, asked),
    ):
        with pytest.raises(RpcError):
            Client([url, good], 5).read("getSlot", [])
        assert asked == []


@pytest.mark.parametrize("answer", [raw(503, b""), raw(429, b""), raw(200, b"?")])
def test_a_send_is_tried_once_at_one_endpoint(answer: Answer) -> None:
    with node(answer) as (bad, bad_asked), node(OK) as (good, good_asked):
        with pytest.raises(RpcFault):
            Client([bad, good], 5).send("sendTransaction", [])
        assert (len(bad_asked), len(good_asked)) == (1, 0)


def test_a_connection_that_breaks_is_unknown_and_one_never_made_is_not_reached() -> None:
    def hang_up(handler: Any, call: Any) -> None:
        handler.close_connection = True
        handler.connection.close()

    with pytest.raises(OutcomeUnknown):
        ask(hang_up)
    with pytest.raises(NotReached):
        Client([DEAD], 5).send("sendTransaction", [])


def test_keys_in_urls_stay_out_of_errors() -> None:
    key = "".join(["hu", "sh"])  # in pieces: a traceback quotes this file's lines too
    with node(raw(503, b"")) as (url, _):
        for where in (url, DEAD):
            client = Client([f"{where}/{key}?api-key={key}"], 5)
            with pytest.raises(RpcFault) as raised:
                client.read("getSlot", [])
            assert key not in "".join(traceback.format_exception(raised.value))
            assert key not in repr(client.endpoints.all)


def test_a_batch_is_put_in_order_and_a_refused_member_is_its_error() -> None:
    def shuffled(handler: Any, calls: Any) -> None:
        answers = [{"id": call["id"], "result": call["method"]} for call in calls]
        answers[0] = {"id": 0, "error": {"code": -32602, "message": "no"}}
        raw(200, json.dumps(answers[::-1]).encode())(handler, calls)

    with node(shuffled) as (url, _):
        first, second, third = Client([url], 5).read_many([("a", []), ("b", []), ("c", [])])
    assert isinstance(first, RpcError)
    assert [second, third] == ["b", "c"]


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ([{"id": 0, "result": 1}], OutcomeUnknown),
        ([{"id": 0, "result": 1}, {"id": [1], "result": 1}], OutcomeUnknown),
        ([{"id": 0, "result": 1}, {"id": 1, "error": {"code": -32005, "message": "b"}}], NodeBehind),
        ([{"id": 0, "result": 1}, {"id": 1, "error": {"code": 429, "message": "b"}}], RateLimited),
        ({"id": None, "error": {"code": -32600, "message": "no batches"}}, RpcError),
        ("odd", OutcomeUnknown),
    ],
)
def test_a_batch_that_is_not_whole_is_no_answer(answers: Any, fault: type[RpcFault]) -> None:
    with node(raw(200, json.dumps(answers).encode())) as (url, _), pytest.raises(fault):
        Client([url], 5).read_many([("a", []), ("b", [])])
