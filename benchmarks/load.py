"""Open-loop load over HTTP: each request leaves at its own moment, whether the one before was answered or not."""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

THREADS = 64
LONGEST = 30.0
_mine = threading.local()

Target = tuple[str, Callable[[], str]]
"""A name, and what makes a path of it."""
Send = Callable[[], tuple[int, bytes]]
"""Sends one request; its status and body."""


def request(port: int, method: str, path: str, headers: dict[str, str], body: str = "") -> tuple[int, bytes]:
    """One request on this thread's own connection, kept alive."""
    for again in (True, False):
        connection = getattr(_mine, "connection", None)
        if connection is None or _mine.port != port:
            connection = _mine.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST)
            _mine.port = port
        try:
            connection.request(method, path, body=body or None, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (http.client.HTTPException, OSError):
            connection.close()
            _mine.connection = None
            if not again:
                raise
    raise AssertionError("a request is answered or raises")


def exchange(port: int, raw: bytes) -> tuple[int, bytes]:
    """One request, written out, on this thread's own connection, kept alive; a fifth of what `request` costs."""
    for again in (True, False):
        line = getattr(_mine, "line", None)
        if line is None or _mine.line_port != port:
            line = _mine.line = socket.create_connection(("127.0.0.1", port), timeout=LONGEST)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _mine.line_port = port
        try:
            line.sendall(raw)
            return _answer(line)
        except OSError:
            line.close()
            _mine.line = None
            if not again:
                raise
    raise AssertionError("a request is answered or raises")


def _answer(line: socket.socket) -> tuple[int, bytes]:
    """Status and body of an answer that says its length."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = line.recv(65_536)
        if not more:
            raise ConnectionError("closed before the answer")
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1])  # type: ignore[index]
    while len(body) < length:
        body += line.recv(65_536)
    return int(head.split(b" ", 2)[1]), body


def run(
    port: int, headers: dict[str, str], targets: Sequence[Target], *, rate: float, seconds: float
) -> dict[str, list[float]]:
    """GETs of the targets in turns, as `steady` sends them."""

    def nth(number: int) -> tuple[str, Send]:
        name, path = targets[number % len(targets)]
        address = path()
        return name, lambda: request(port, "GET", address, headers)

    return steady(nth, rate=rate, seconds=seconds)


def steady(nth: Callable[[int], tuple[str, Send]], *, rate: float, seconds: float) -> dict[str, list[float]]:
    """Milliseconds by name, from the moment a request was meant to leave to its last byte. Raises on any but 200.

    `nth(number)` names a request and makes what sends it.
    """
    found: dict[str, list[float]] = defaultdict(list)
    lock = threading.Lock()

    def call(name: str, send: Send, at: float) -> None:
        status, said = send()
        took = (time.perf_counter() - at) * 1000
        if status != 200:
            raise RuntimeError(f"{name}: {status} {said[:300]!r}")
        with lock:
            found[name].append(took)

    with ThreadPoolExecutor(THREADS) as pool:
        began, futures = time.perf_counter(), []
        for number in range(int(rate * seconds)):
            at = began + number / rate
            time.sleep(max(0.0, at - time.perf_counter()))
            futures.append(pool.submit(call, *nth(number), at))
        for future in futures:
            future.result()
    return dict(found)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
