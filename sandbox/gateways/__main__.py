"""``python -m sandbox.gateways``: serve the gateways until SIGTERM or SIGINT."""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from sandbox.gateways.gateways import MOUNTS
from sandbox.gateways.server import Connection, Simulator, tick_forever
from sandbox.gateways.store import StateError

DEFAULT_PORT = 8898


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="sandbox.gateways", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 picks a free one")
    parser.add_argument("--state", type=Path, help="file that survives a restart (default: nothing does)")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers")
    parser.add_argument("--admin", choices=["loopback", "off"], default="loopback", help="who may use /_sim/")
    return parser.parse_args(argv)


async def serve(given: argparse.Namespace) -> None:
    """Listen, print the ready line, tick until told to stop."""
    simulator = Simulator(MOUNTS, given.state, given.seed, admin=given.admin == "loopback")
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        listener = await loop.create_server(
            lambda: Connection(simulator), given.host, given.port, backlog=512
        )
    except OSError as error:
        raise StateError(f"cannot listen on {given.host}:{given.port}: {error.strerror}") from None
    port = listener.sockets[0].getsockname()[1]
    simulator.base = simulator.world.base = f"http://{given.host}:{port}"
    print(f"gateways ready url={simulator.base}", flush=True)
    ticker, stopped = asyncio.create_task(tick_forever(simulator)), asyncio.create_task(stop.wait())
    await asyncio.wait({ticker, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not stopped.done():
        ticker.result()  # a world that stands still by accident must not look alive
    ticker.cancel()
    simulator.courier.stop()
    listener.close()
    simulator.commit()
    simulator.store.close()


def main() -> int:
    """Exit code 1 with one line when the port or the state file cannot be used."""
    logging.basicConfig(level=logging.WARNING)
    try:
        asyncio.run(serve(parse_arguments()))
    except StateError as error:
        print(f"gateways: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
