"""The product's side of a callback: takes what comes and keeps it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Taken:
    """One callback as it came. Header names are lower case."""

    headers: dict[str, str]
    body: bytes


class Server(ThreadingHTTPServer):
    """The library lets five callers queue: a storm would be turned away before it is seen."""

    request_queue_size = 512


class Receiver:
    """An HTTP server on a free port; ``statuses`` are the next answers, then 200."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.statuses: list[int] = []
        self.on_take: Callable[[], Any] = lambda: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.taken.append(Taken({k.lower(): v for k, v in self.headers.items()}, body))
                receiver.on_take()
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Tests are quiet."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def wait(self, count: int) -> list[Taken]:
        """At least so many callbacks."""
        until = time.monotonic() + 20
        while len(self.taken) < count:
            assert time.monotonic() < until, f"{len(self.taken)} of {count} callbacks came"
            time.sleep(0.01)
        return self.taken

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
