"""``python -m sandbox.localnet``: start the chain and serve it until SIGTERM or SIGINT."""

import argparse
import asyncio
import json
import logging
import signal
import sys
import tempfile
from pathlib import Path

from solders.pubkey import Pubkey

from sandbox.localnet.chain import Chain
from sandbox.localnet.faults import FaultError, Faults
from sandbox.localnet.rpc.control import Control
from sandbox.localnet.rpc.dispatch import METHODS
from sandbox.localnet.server import LAG_SLOTS_MAX, Server
from sandbox.localnet.state import State, StateError

DEFAULT_PORT = 8899
DEFAULT_SLOT_MS = 100


def program(text: str) -> tuple[Pubkey, Path]:
    """``ADDRESS=FILE`` of a compiled program."""
    address, _, path = text.partition("=")
    return Pubkey.from_string(address), Path(path)


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="sandbox.localnet", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 picks a free one")
    parser.add_argument("--state", type=Path, help="folder that survives a restart (default: none does)")
    parser.add_argument("--slot-ms", type=int, default=DEFAULT_SLOT_MS, help="0: only x_advance moves slots")
    parser.add_argument("--lag-port", type=int, help="also serve a lagging node here; 0 picks a free port")
    parser.add_argument("--lag-slots", type=int, default=40, help="how far that node is behind")
    parser.add_argument("--faults", type=json.loads, default=[], help="JSON list of faults, as x_setFault")
    parser.add_argument("--admin", choices=["loopback", "off"], default="loopback", help="who may call x_*")
    parser.add_argument("--program", type=program, action="append", default=[], metavar="ADDRESS=FILE")
    given = parser.parse_args(argv)
    if not 0 < given.lag_slots <= LAG_SLOTS_MAX:
        parser.error(f"--lag-slots must be from 1 to {LAG_SLOTS_MAX}")
    return given


async def serve(given: argparse.Namespace, folder: Path) -> None:
    """Listen, print the ready line, tick until told to stop."""
    chain = Chain(State(folder), dict(given.program))
    server = Server(
        chain, Control(Faults(given.faults, known=METHODS), given.slot_ms), given.admin == "loopback"
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        port = await _listen(server, given.host, given.port)
        line = f"localnet ready url=http://{given.host}:{port}"
        if given.lag_port is not None:
            lag_port = await _listen(server, given.host, given.lag_port, given.lag_slots)
            line += f" lag_url=http://{given.host}:{lag_port}"
        print(f"{line} slot={chain.slot}", flush=True)
        ticker = asyncio.create_task(server.tick_forever())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({ticker, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not stopped.done():
            ticker.result()  # a chain that stands still by accident must not look alive
        ticker.cancel()
    finally:
        server.close()
        chain.close()


async def _listen(server: Server, host: str, port: int, lag: int = 0) -> int:
    try:
        return await server.listen(host, port, lag)
    except OSError as error:
        raise StateError(f"cannot listen on {host}:{port}: {error.strerror}") from None


def main() -> int:
    """Exit code 1 with one line when the port, the folder or a fault cannot be used."""
    logging.basicConfig(level=logging.WARNING)
    given = parse_arguments()
    try:
        if given.state:
            asyncio.run(serve(given, given.state))
        else:
            with tempfile.TemporaryDirectory(prefix="localnet-") as folder:
                asyncio.run(serve(given, Path(folder)))
    except (StateError, FaultError, TypeError) as error:
        print(f"localnet: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
