"""The HTTP/1.1 that our simulators serve: whole requests cut off a buffer, answers put into bytes.

Ours, and small: a simulator has to do what a library forbids (close without an answer, drip a body, lie
about a length), on the one event loop that is also the only thread to touch its state.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

BODY_BYTES_MAX = 16 * 2**20
HEAD_BYTES_MAX = 32 * 2**10
HEAD_END = b"\r\n\r\n"


@dataclass(slots=True)
class Request:
    """One HTTP request. Header names are lower case; ``path`` holds the query string."""

    verb: str
    path: str
    headers: dict[str, str]
    body: bytes


class BadRequest(Exception):
    """The bytes are no request we serve; carries the HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def take_request(buffer: bytearray) -> Request | None:
    """Cut one whole request off the front of a buffer; None if more bytes must come first."""
    end = buffer.find(HEAD_END)
    if end < 0:
        if len(buffer) > HEAD_BYTES_MAX:
            raise BadRequest(431)
        return None
    first, *lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
    parts = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if len(parts) != 3:
        raise BadRequest(400)
    if "transfer-encoding" in headers:
        raise BadRequest(411)
    length = headers.get("content-length", "0")
    if not length.isdigit():
        raise BadRequest(400)
    if int(length) > BODY_BYTES_MAX:
        raise BadRequest(413)
    whole = end + len(HEAD_END) + int(length)
    if len(buffer) < whole:
        return None
    body = bytes(buffer[end + len(HEAD_END) : whole])
    del buffer[:whole]
    return Request(parts[0], parts[1], headers, body)


def encode(status: int, body: bytes, headers: Mapping[str, str], keep: bool) -> bytes:
    """An answer as HTTP/1.1 bytes; ``headers`` name its content type."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Status"
    extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = (
        f"HTTP/1.1 {status} {phrase}\r\nContent-Length: {len(body)}\r\n{extra}"
        f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
    )
    return head.encode("latin-1") + body


def is_loopback(peer: tuple[str, int] | None) -> bool:
    """Whether a socket's peer is this machine."""
    return peer is not None and ipaddress.ip_address(peer[0].split("%")[0]).is_loopback
