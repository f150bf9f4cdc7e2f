"""Sockets that keep the budget of one exchange: a moment at which it is over, and a number of bytes.

A timeout of `requests` counts from byte to byte, so a server that drips holds a thread for ever. Here each
wait of a socket is cut to what is left of the whole, in the header lines and the TLS handshake too. The
budget also knows how far the exchange came, which is what tells "nothing left" from "no answer".
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from enum import IntEnum
from typing import Any

from engine.providers.edge import names

HEADER_BYTES_MAX = 256 * 1024
_local = threading.local()


class Stage(IntEnum):
    """How far an exchange came. From SENT on the other side may have acted."""

    NAME = 0
    CONNECT = 1
    TLS = 2
    READY = 3
    SENT = 4
    ANSWERING = 5


class TooLarge(OSError):
    """More bytes came than the budget has."""


class Budget:
    """One exchange's: `seconds` in all, `connect_seconds` of it for name, connection and TLS together,
    `read_seconds` of silence at most, `bytes_max` of body (raw; head and framing come on top)."""

    def __init__(self, seconds: float, connect_seconds: float, read_seconds: float, bytes_max: int) -> None:
        self.until = time.monotonic() + seconds
        self.connect_until = min(self.until, time.monotonic() + connect_seconds)
        self.read_seconds = read_seconds
        self.bytes_left = bytes_max + HEADER_BYTES_MAX
        self.stage = Stage.READY
        self.timed_out = self.too_large = False

    def connecting(self) -> float:
        """Seconds left to connect. Raises TimeoutError where none is."""
        return self._left(self.connect_until)

    def waiting(self) -> float:
        """Seconds that one wait for the other side may take. Raises TimeoutError where none is left."""
        return min(self.read_seconds, self._left(self.until))

    def received(self, count: int) -> None:
        """Count what came. Raises TooLarge."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            self.too_large = True
            raise TooLarge("more bytes than the budget has")

    def _left(self, until: float) -> float:
        left = until - time.monotonic()
        if left <= 0:
            self.timed_out = True
            raise TimeoutError("the deadline is over")
        return left


def begin(budget: Budget) -> Budget:
    """From now on this thread's sockets keep `budget`."""
    _local.budget = budget
    return budget


def dial(host: str, port: int, *, then: Stage) -> socket.socket:
    """A connected socket, within what the budget has for that; `then` is what comes next. Raises OSError."""
    budget: Budget = _local.budget
    seconds = budget.connecting()  # none left: nobody was asked for the name, and none of these stages failed
    budget.stage = Stage.NAME
    found = names.resolve(host, port, seconds)
    budget.stage = Stage.CONNECT
    fault = OSError("no address")
    for family, kind, protocol, _, address in found:
        made = _Plain(family, kind, protocol)
        try:
            made.settimeout(budget.connecting())
            made.connect(address)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.settimeout(budget.connecting())  # a TLS handshake has what is left
            budget.stage = then
            return made
        except OSError as error:
            made.close()
            fault = error
    raise fault


class _Budgeted:
    """What differs from a socket of the library: no wait is longer than this thread's budget."""

    def sendall(self, data: Any, flags: int = 0) -> None:
        self._leaving()
        super().sendall(data, flags)  # type: ignore[misc]

    def send(self, data: Any, flags: int = 0) -> int:
        self._leaving()
        return super().send(data, flags)  # type: ignore[misc, no-any-return]

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        budget: Budget = _local.budget
        self.settimeout(budget.waiting())  # type: ignore[attr-defined]
        try:
            count: int = super().recv_into(buffer, nbytes or 0, flags)  # type: ignore[misc]
        except TimeoutError:
            budget.timed_out = True
            raise
        budget.stage = Stage.ANSWERING
        budget.received(count)
        return count

    def _leaving(self) -> None:
        budget: Budget = _local.budget
        self.settimeout(budget.waiting())  # type: ignore[attr-defined]
        budget.stage = max(budget.stage, Stage.SENT)


class _Plain(_Budgeted, socket.socket):
    pass


class Tls(_Budgeted, ssl.SSLSocket):
    """What an SSLContext makes of a dialled socket (`sslsocket_class`)."""
