"""Names to addresses within a span: the system's resolver knows none and may hold its thread for half a minute."""

from __future__ import annotations

import os
import socket
import threading
from concurrent.futures import Future
from typing import Any, TypeAlias

Found: TypeAlias = list[tuple[Any, ...]]
_asked: dict[tuple[str, int], Future[Found]] = {}
_guard = threading.Lock()


def resolve(host: str, port: int, seconds: float) -> Found:
    """What getaddrinfo says of a TCP address. Calls out. Raises socket.gaierror, or TimeoutError after `seconds`.

    All who ask for one name at once share one look, so a resolver that hangs holds one thread of its own a name.
    """
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # a name, not an address
    with _guard:
        look = _asked.get((host, port))
        if look is None:
            look = _asked[(host, port)] = Future()
            threading.Thread(target=_look, args=(host, port, look), name="resolve", daemon=True).start()
    return look.result(timeout=seconds)


def _look(host: str, port: int, look: Future[Found]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except Exception as fault:
        _forget(host, port)
        look.set_exception(fault)
    else:
        _forget(host, port)
        look.set_result(found)


def _forget(host: str, port: int) -> None:
    with _guard:
        _asked.pop((host, port), None)


def _in_child() -> None:
    """A forked child has no thread that would ever answer its parent's looks, nor open the lock."""
    global _guard
    _guard = threading.Lock()
    _asked.clear()


os.register_at_fork(after_in_child=_in_child)
