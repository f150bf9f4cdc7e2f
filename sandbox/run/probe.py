"""How to tell that a part serves. A probe is asked again and again, so each answers at once."""

import http.client
import re
from collections.abc import Callable

from sandbox.run.ports import HOST
from sandbox.run.process import Process

Probe = Callable[[Process], bool]
SECONDS = 1.0


def http_ok(port: int, path: str, *, also: tuple[int, ...] = ()) -> Probe:
    """Ready when GET `path` on the loopback port answers 200, or a status listed in `also`."""

    def ask(process: Process) -> bool:
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
