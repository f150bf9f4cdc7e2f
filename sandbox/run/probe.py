"""How to tell that a part serves. A probe is asked again and again, so each answers at once."""

import http.client
import re
from collections.abc import Callable

from sandbox.run import proc
from sandbox.run.ports import HOST
from sandbox.run.process import Process

Probe = Callable[[Process], bool]
SECONDS = 1.0


def http_ok(port: int, path: str, *, also: tuple[int, ...] = ()) -> Probe:
    """Ready when our own child serves the loopback port and GET `path` answers 200 or one of `also`."""

    def ask(process: Process) -> bool:
        # An answer alone may be a stranger's who took the port after we had found it free.
        if process.pid is None or not proc.listens(process.pid, port):
            return False
        # http.client and not urllib: a proxy variable must not carry this off the machine.
        connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status in (200, *also)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask


def log_line(pattern: str) -> Probe:
    """Ready when a line written since the start matches `pattern` (a regular expression)."""
    expression = re.compile(pattern)
    return lambda process: expression.search(process.output()) is not None


def running(process: Process) -> bool:
    """Ready as soon as it runs."""
    return process.alive()
