"""One exchange against a server that misbehaves, over real sockets."""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import socket
import threading
import time
import traceback
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from engine.providers.edge import http, names, wire
from engine.providers.edge.faults import Fault, Limited, NoAnswer, NotSent
from engine.providers.edge.http import exchange
from tests.edge import server as scripted
from tests.edge.conftest import MakeCall
from tests.edge.server import Act, drip, raw, reply, reset, serving, silence

DEAD = "http://127.0.0.1:9"
HEAD = b"HTTP/1.1 200 OK\r\n"
# Time is asserted against a hang that would last as long as the server lives (30 s and more), never as a measure.
LONG = 10.0


def ask(call: MakeCall, act: Act, **differs: object) -> http.Answer:
    with serving(act) as server:
        return exchange(call(server.url, **differs))


def test_an_answer_has_what_the_evidence_needs(call: MakeCall) -> None:
    with serving(reply(b'{"fee": 1.10, "id": 7}', Request_Id="req_1\x01")) as server:
        made = call(server.url + "/v1/charges?key=hush")
        answer = exchange(made)
    assert answer.json() == {"fee": Decimal("1.10"), "id": 7}
    assert answer.request_id == "req_1"
    digest = hashlib.sha256(f"POST {server.url}/v1/charges?key=hush\n".encode() + made.body).hexdigest()
    assert answer.request_digest == digest
    assert answer.response_digest == hashlib.sha256(answer.body).hexdigest()
    assert answer.trace.keys() == {"status", "request_id", "request_digest", "response_digest", "seconds"}
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == made.body and b"Authorization: Bearer hush-hush-1" in head
    assert b"Accept-Encoding: identity" in head


def test_the_database_connection_is_given_back_before_a_byte_leaves(
    call: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever calls out: a gateway that hangs holds a thread, and no connection (decision 11)."""
    came: list[int] = []
    with serving(reply(b"{}")) as server:
        monkeypatch.setattr(wire.sql, "give_back", lambda: came.append(len(server.requests)))
        exchange(call(server.url))
    assert came == [0]


@pytest.mark.parametrize("status", [302, 400, 401, 404, 500, 503])
def test_any_status_is_an_answer_and_nothing_is_followed_or_tried_again(call: MakeCall, status: int) -> None:
    with serving(reply(b"no", status, Location=DEAD)) as server:
        assert exchange(call(server.url)).status == status
        assert len(server.requests) == 1


def test_too_many_requests_is_limited_with_what_was_said(call: MakeCall) -> None:
    with pytest.raises(Limited) as raised:
        ask(call, reply(b"slow down", 429, Retry_After="3", X_Request_Id="r2"))
    assert raised.value.retry_seconds == 3
    assert raised.value.answer is not None and raised.value.answer.request_id == "r2"
    assert raised.value.request_digest == raised.value.answer.request_digest


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"\xff\xfe", b"[" * 200_000, b'{"a": NaN}', b'{"a": Infinity}']
)
def test_what_is_no_json_is_no_answer(call: MakeCall, body: bytes) -> None:
    answer = ask(call, reply(body))
    with pytest.raises(NoAnswer, match="no JSON"):
        answer.json()


@pytest.mark.parametrize(
    "start",
    [HEAD, b"", HEAD + b"Content-Length: 100000\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"],
    ids=["header lines", "from the first byte", "body", "length of a chunk"],
)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_server_that_drips_never_holds_a_thread(
    call: MakeCall, start: bytes, tls: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = _trusted(tmp_path, monkeypatch) if tls else None
    with serving(tls=context) as server:
        server.act = drip(server, start, b"X-Slow: 1\r\n" if b"\r\n\r\n" not in start else b"1", 0.05)  # type: ignore[attr-defined]
        begun = time.monotonic()
        with pytest.raises(NoAnswer, match=r"in time|broke") as raised:
            exchange(call(server.url, deadline=0.5))
        assert time.monotonic() - begun < LONG
        assert raised.value.code == "timeout" or start == b""  # a status line of nonsense is refused at once
        assert len(server.requests) == 1


def test_one_header_byte_a_second_ends_with_the_deadline(call: MakeCall) -> None:
    with serving() as server:
        server.act = drip(server, HEAD, b"X-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 1.0)  # type: ignore[attr-defined]
        begun = time.monotonic()
        with pytest.raises(NoAnswer):
            exchange(call(server.url, deadline=2.5, read_seconds=35))
        assert time.monotonic() - begun < LONG


def test_silence_ends_with_the_read_timeout_and_what_came_later_is_nobodys(call: MakeCall) -> None:
    with serving() as server:
        server.act = silence(server)  # type: ignore[attr-defined]
        with pytest.raises(NoAnswer, match="did not give an answer in time"):
            exchange(call(server.url, deadline=30.0, read_seconds=0.2))
        server.act = reply(b"second")  # type: ignore[attr-defined]
        assert exchange(call(server.url)).body == b"second"
        assert server.connections == 2


@pytest.mark.parametrize(
    "act",
    [
        reset,
        raw(b""),
        raw(HEAD + b"Content-Length: 10\r\n\r\nabc"),
        raw(b"nonsense\r\n\r\n"),
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        raw(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
    ],
    ids=["reset", "closed", "truncated", "no HTTP", "bad chunk", "bad gzip"],
)
def test_what_breaks_after_the_request_left_is_no_answer(call: MakeCall, act: Act) -> None:
    with pytest.raises(NoAnswer) as raised:
        ask(call, act)
    assert raised.value.code == "broken" and raised.value.request_digest


@pytest.mark.parametrize(
    "url", [DEAD, "http://no.such.name.invalid", "http://[oops", "gopher://x", "http://"]
)
def test_where_no_connection_is_nothing_left(call: MakeCall, url: str) -> None:
    with pytest.raises(NotSent):
        exchange(call(url))


def test_a_name_that_nobody_resolves_in_time_is_not_sent(
    call: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, over = [], threading.Event()
    real = socket.getaddrinfo

    def hangs(host: str, *args: object, **kwargs: object) -> object:
        if kwargs.get("flags"):
            return real(host, *args, **kwargs)  # type: ignore[arg-type]
        asked.append(host)
        over.wait(30)
        raise socket.gaierror("gave up")

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    begun = time.monotonic()
    for _ in range(3):
        with pytest.raises(NotSent, match="could not be resolved"):
            exchange(call("http://slow.example", deadline=0.2))
    assert time.monotonic() - begun < LONG
    assert asked == ["slow.example"]  # one look for all who ask
    over.set()
    while names._asked:
        time.sleep(0.01)


@pytest.mark.usefixtures("quick_breaker")
def test_where_no_time_is_left_nothing_is_sent_and_nobody_is_blamed(call: MakeCall) -> None:
    """A machine so busy that the deadline is over before the first byte: no fault of a name, nor of the provider."""
    with serving(reply(b"hello")) as server:
        for connected in (False, True):
            for _ in range(4):  # one more than open the breaker
                with pytest.raises(NotSent, match="no time was left") as raised:
                    exchange(call(server.url, deadline=0.0))
                assert raised.value.code == "no_time", connected
            assert exchange(call(server.url)).body == b"hello"
        assert len(server.requests) == 2


def test_a_connection_that_nobody_takes_is_not_sent(call: MakeCall) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        for each in waiting:  # the queue of those who wait is full
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        with pytest.raises(NotSent, match="could not be reached"):
            exchange(call(f"http://127.0.0.1:{full.getsockname()[1]}", deadline=0.3))
        for each in waiting:
            each.close()


@pytest.mark.parametrize("trust", [True, False])
def test_tls_is_verified_and_a_handshake_that_fails_is_not_sent(
    call: MakeCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trust: bool
) -> None:
    context = _trusted(tmp_path, monkeypatch) if trust else scripted.certificate(tmp_path)[1]
    with serving(reply(b"hello"), tls=context) as server:
        if trust:
            assert exchange(call(server.url)).body == b"hello"
            assert exchange(call(server.url)).body == b"hello"
            assert server.connections == 1
            return
        with pytest.raises(NotSent, match="no secure connection"):
            exchange(call(server.url))
        assert server.requests == []


def test_a_certificate_of_another_name_is_not_sent(
    call: MakeCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = _trusted(tmp_path, monkeypatch, name="elsewhere.example")
    with serving(tls=context) as server, pytest.raises(NotSent, match="no secure connection"):
        exchange(call(server.url))


def test_a_tls_handshake_without_an_end_is_not_sent(call: MakeCall) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(NotSent, match="no secure connection"):
        exchange(call(f"https://127.0.0.1:{mute.getsockname()[1]}", deadline=0.3))


@pytest.mark.parametrize(
    "act",
    [
        reply(b"x" * 3000),
        reply(gzip.compress(b"x" * 5_000_000), Content_Encoding="gzip"),
        raw(HEAD + (b"X: " + b"a" * 60_000 + b"\r\n") * 20),
    ],
    ids=["long", "a bomb", "a head without end"],
)
def test_an_answer_too_large_is_cut_off(call: MakeCall, act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.ENV, "http_body_bytes_max", 2000)
    with pytest.raises(NoAnswer) as raised:
        ask(call, act)
    assert raised.value.code == "too_large"


def test_a_redirect_with_a_bomb_is_cut_off_too(call: MakeCall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.ENV, "http_body_bytes_max", 2000)
    bomb = gzip.compress(b"x" * 5_000_000)
    with pytest.raises(NoAnswer, match="more than 2000 bytes"):
        ask(call, reply(bomb, 302, Location="/x", Content_Encoding="gzip"))


def test_connections_are_kept_but_no_idle_one_is_used_for_money(
    call: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        for _ in range(3):
            exchange(call(server.url))
        assert server.connections == 1
        monkeypatch.setattr(http, "_IDLE_SECONDS", -1.0)
        exchange(call(server.url, may_move_money=False))
        assert server.connections == 1
        exchange(call(server.url))
        assert server.connections == 2


def test_cookies_are_not_kept(call: MakeCall) -> None:
    with serving(reply(b"{}", Set_Cookie="who=us; Path=/")) as server:
        exchange(call(server.url))
        exchange(call(server.url))
    assert b"cookie" not in server.requests[1].lower()


def test_each_thread_and_each_forked_child_has_its_own_session(call: MakeCall) -> None:
    with serving() as server:
        exchange(call(server.url))
        thread = threading.Thread(target=lambda: exchange(call(server.url)))
        thread.start()
        thread.join()
        assert server.connections == 2
        mine = wire._session(4.0)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(write, b"1" if wire._session(4.0) is not mine else b"0")
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(read, 1) == b"1"
        os.close(read)
        os.close(write)


def test_nothing_secret_stands_in_an_error_a_log_or_a_repr(
    call: MakeCall, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "".join(["hush", "-", "key"])  # in pieces: a traceback quotes this file's lines too
    seen = []
    with caplog.at_level(logging.DEBUG), serving(reset) as server:
        for url in (server.url, DEAD, "http://no.such.name.invalid", "http://bad host", "http://[oops"):
            place = url.replace("http://", f"http://user:{key}@") + f"/pay?key={key}"
            made = call(place, operation=url, headers={"X-Key": key, "X-Odd": "ok"}, body=key.encode())
            with pytest.raises(Fault) as raised:
                exchange(made)
            seen += traceback.format_exception(raised.value)
            seen += [repr(made), str(made), repr(raised.value), raised.value.message]
        with pytest.raises(NotSent) as refused:  # the library quotes a header that it refuses
            exchange(call(server.url, headers={"X-Key": f"{key}\r\nX: 1"}))
        seen += traceback.format_exception(refused.value)
        server.act = reply(b'{"key": "hush"}', Request_Id="r")  # type: ignore[attr-defined]
        seen.append(repr(exchange(call(server.url, headers={"X-Key": key}))))
    text = "".join(seen) + caplog.text + "".join(capsys.readouterr())
    assert key not in text
    assert "hush-hush" not in text


@pytest.mark.parametrize(
    ("text", "seconds"), [("3", 3.0), ("nan", None), ("-1", None), (None, None), ("Wed, 21 Oct 2026", None)]
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert wire.retry_after(text) == seconds


def _trusted(folder: Path, patch: pytest.MonkeyPatch, name: str = "localhost") -> object:
    trusted, context = scripted.certificate(folder, name)
    patch.setattr("certifi.where", lambda: str(trusted))
    wire._trust.cache_clear()
    patch.setattr(wire, "_trust", wire._trust.__wrapped__)  # of this test alone
    return context
