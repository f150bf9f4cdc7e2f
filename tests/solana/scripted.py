"""A node that answers what a test tells it, over real HTTP on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler, Any], None]


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def results(by_method: dict[str, Any]) -> Answer:
    """Answer single calls and batches from a table of results; a callable gets the parameters."""

    def one(call: dict[str, Any]) -> dict[str, Any]:
        found = by_method[call["method"]]
        value = found(call["params"]) if callable(found) else found
        key = "error" if isinstance(value, dict) and "code" in value else "result"
        return {"jsonrpc": "2.0", "id": call["id"], key: value}

    def answer(handler: BaseHTTPRequestHandler, call: Any) -> None:
        body = [one(each) for each in call] if isinstance(call, list) else one(call)
        reply(handler, 200, json.dumps(body).encode())

    return answer


def raw(status: int, body: bytes, **headers: str) -> Answer:
    return lambda handler, call: reply(handler, status, body, **headers)


@contextmanager
def node(answer: Answer) -> Iterator[tuple[str, list[Any]]]:
    """The node's URL and the list of bodies that it was sent."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(call)
            answer(self, call)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
