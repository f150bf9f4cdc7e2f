"""Carries callbacks: one small POST each, many at once, on the server's event loop."""

import asyncio
import functools
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox.gateways.world import World

AT_ONCE = 64
USER_AGENT = "gateways-simulator/1.0"


class Courier:
    """Takes what is ready from ``World.hooks`` and tells it what was answered."""

    def __init__(self, world: World, wrote: Callable[[], None]) -> None:
        self._world, self._wrote = world, wrote
        self._underway: dict[str, asyncio.Task[None]] = {}

    @property
    def busy(self) -> bool:
        """Whether a callback is on its way or ready to go."""
        return bool(self._underway or self._world.hooks.ready)

    def pump(self) -> None:
        """Start carrying what is ready, as many as may go at once."""
        while len(self._underway) < AT_ONCE and (row := self._world.hooks.take()):
            key = row["id"]
            self._underway[key] = asyncio.create_task(self._carry(row))
            self._underway[key].add_done_callback(functools.partial(self._done, key))

    async def carry_first(self, ids: list[str]) -> None:
        """Carry these now and wait for their answers."""
        self.pump()
        waited = [self._underway[key] for key in ids if key in self._underway]
        if waited:
            await asyncio.wait(waited)

    def stop(self) -> None:
        """Give up what is on its way; it stays ``sending`` and is tried again after a restart."""
        for task in list(self._underway.values()):
            task.cancel()

    async def _carry(self, row: dict[str, Any]) -> None:
        seconds = self._world.mount(row["provider"]).hook_seconds
        headers = {"Content-Type": row["content_type"], "User-Agent": USER_AGENT, **row["headers"]}
        try:
            async with asyncio.timeout(seconds):
                status = await post(row["url"], headers, self._world.hooks.bytes_of(row))
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            status = 0
        self._world.hooks.answered(row["id"], status)

    def _done(self, key: str, task: "asyncio.Task[None]") -> None:
        del self._underway[key]
        if not task.cancelled():
            task.result()
            self._wrote()
            self.pump()


async def post(url: str, headers: dict[str, str], body: bytes) -> int:
    """The status that a POST was answered with. Raises OSError or ValueError where there was none."""
    parts = urlsplit(url)
    secure = ssl.create_default_context() if parts.scheme == "https" else None
    port = parts.port or (443 if secure else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure)
    try:
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
        lines += [*(f"{name}: {value}" for name, value in headers.items()), "Connection: close"]
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        await writer.drain()
        first = await reader.readline()
        return int(first.split(b" ")[1]) if first.startswith(b"HTTP/") else 0
    except IndexError:
        return 0
    finally:
        writer.close()
