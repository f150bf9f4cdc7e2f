"""A server that misbehaves as a test tells it, byte by byte, over real sockets on loopback."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Act = Callable[[socket.socket, bytes], object]  # the connection, and the request as it came


@dataclass
class Server:
    """`requests` as they came; `connections` made; `stopping` is set at the end, for who drips until then."""

    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)


def reply(body: bytes = b"{}", status: int = 200, **headers: str) -> Act:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} Said", *lines, f"Content-Length: {len(body)}"])
    return lambda connection, _: connection.sendall(head.encode() + b"\r\n\r\n" + body)


def raw(data: bytes) -> Act:
    """These bytes, and the connection closed."""

    def act(connection: socket.socket, _: bytes) -> None:
        connection.sendall(data)
        connection.close()

    return act


def drip(server: Server, start: bytes, piece: bytes, gap: float) -> Act:
    """`start`, and then `piece` for ever, one byte each `gap` seconds."""

    def act(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        while True:
            for byte in piece:
                if server.stopping.wait(gap):
                    return
                connection.sendall(bytes([byte]))

    return act


def reset(connection: socket.socket, _: bytes) -> None:
    """RST instead of an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def silence(server: Server) -> Act:
    return lambda *_: server.stopping.wait(30)


@contextmanager
def serving(act: Act | None = None, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that does `act` (or what `server.act` is set to) with each request; each connection has a thread."""
    server = Server()
    server.act = act or reply()  # type: ignore[attr-defined]
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
    server.url = f"{scheme}://{host}:{listener.getsockname()[1]}"
    open_ones: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            if tls:
                connection = tls.wrap_socket(connection, server_side=True)
                open_ones.append(connection)
            while request := _read(connection):
                server.requests.append(request)
                server.act(connection, request)  # type: ignore[attr-defined]

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.connections += 1
                open_ones.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        server.stopping.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        for each in [listener, *open_ones]:
            with contextlib.suppress(OSError):
                each.close()


def _read(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    wanted = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < wanted:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def certificate(folder: Path, name: str = "localhost") -> tuple[Path, ssl.SSLContext]:
    """A certificate of its own for `name`: the file to trust, and a server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, both = folder / "trusted.pem", folder / "both.pem"
    public = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    trusted.write_bytes(public)
    both.write_bytes(public + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return trusted, context
