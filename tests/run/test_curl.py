"""Where there is no curl the documents' lines are read to our own: it does what they use of the real one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sandbox.run.paths import CHECKOUT
from tests import curl

REAL = shutil.which("curl")


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def do_GET(self) -> None:
        self._answer("")

    def _answer(self, body: str) -> None:
        said = json.dumps({"method": self.command, "body": body, "key": self.headers.get("Idempotency-Key")})
        self.send_response(409)
        self.send_header("Idempotent-Replayed", "true")
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *words: object) -> None:
        """Silence."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def asked(command: str, *words: str) -> str:
    return subprocess.run([command, *words], capture_output=True, text=True, timeout=30, check=True).stdout


@pytest.mark.parametrize(
    "kind", ["own", pytest.param("real", marks=pytest.mark.skipif(not REAL, reason="no curl"))]
)
def test_it_does_what_the_documents_ask_of_it(url: str, tmp_path: Path, kind: str) -> None:
    command = str(REAL) if kind == "real" else str(curl.written(tmp_path) / "curl")
    got = json.loads(asked(command, "-sS", url))
    assert got == {"method": "GET", "body": "", "key": None}
    sent = json.loads(asked(command, "-sS", "-H", "Idempotency-Key: one", url, "-d", '{"a": 1}'))
    assert sent == {"method": "POST", "body": '{"a": 1}', "key": "one"}
    assert json.loads(asked(command, "-X", "POST", url, "-s", "-S"))["method"] == "POST"
    head = asked(command, "-sS", url, "-o", os.devnull, "-D", "-")
    assert "409" in head.splitlines()[0]
    assert "idempotent-replayed: true" in head.lower()
    assert '"method"' not in head


def test_the_documents_use_no_more_of_it(tmp_path: Path) -> None:
    page = (CHECKOUT / "docs/quickstart.md").read_text()
    lines = [line for line in page.splitlines() if re.search(r"\b(curl|cb) ", line) and "|" not in line[:4]]
    words = {word for line in lines for word in re.findall(r"(?<= )(?:-[A-Za-z]+|--[a-z-]+)(?= )", line)}
    assert words - {"-c", "-i", "-ge", "-m"} <= {"-sS", "-H", "-d", "-o", "-D"}, words


def test_the_machines_own_is_taken_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(curl.written(tmp_path)))
    assert curl.path(tmp_path) == str(tmp_path)
    bare = tmp_path / "bare"
    bare.mkdir()
    monkeypatch.setenv("PATH", str(bare))
    found = curl.path(tmp_path)
    assert found == f"{tmp_path}{os.pathsep}{bare}"
