"""TCP ports: a taken one is named and the next free one is used."""

import socket
from collections.abc import Callable, Mapping

from sandbox.run.errors import RunError

HOST = "127.0.0.1"
DEFAULTS = {"WEB_PORT": 8000, "FLOWER_PORT": 5555, "SOLANA_PORT": 8899, "GATEWAYS_PORT": 8898}
TRIES = 200


def free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: else a connection of the last run in TIME_WAIT would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(environ: Mapping[str, str], say: Callable[[str], None]) -> dict[str, int]:
    """A free port for each variable of DEFAULTS, starting at its value in `environ`.

    Says one line for each taken port. Raises RunError for a value that is no port, or when none is free.
    """
    chosen: dict[str, int] = {}
    for variable, default in DEFAULTS.items():
        text = environ.get(variable) or str(default)
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise RunError(f"{variable}={text} is not a port (1 to 65535)")
        wanted = int(text)
        for port in range(wanted, min(wanted + TRIES, 65536)):
            if port not in chosen.values() and free(port):
                break
        else:
            raise RunError(f"no free port from {wanted} on; set {variable}")
        if port != wanted:
            say(f"! port {wanted} is taken, using {port} (set {variable} to choose)")
        chosen[variable] = port
    return chosen
