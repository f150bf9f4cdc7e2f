"""The one process: sockets, the world behind them, and its tick. One thread touches all of it."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

from sandbox.gateways import panel
from sandbox.gateways.courier import Courier
from sandbox.gateways.exchange import Exchange, Sending, Work, query_of
from sandbox.gateways.mount import Mount, Request
from sandbox.gateways.store import Store
from sandbox.gateways.world import World
from sandbox.http1 import BadRequest, encode, is_loopback, take_request
from sandbox.http1 import Request as Raw

TICK_SECONDS = 0.05
JSON = {"Content-Type": "application/json"}

log = logging.getLogger(__name__)


class Simulator:
    """A world with its courier; ``reset`` makes another one."""

    def __init__(self, mounts: list[Mount], state: Path | None, seed: int, *, admin: bool = True) -> None:
        self._mounts, self._seed, self._admin = mounts, seed, admin
        self.base = ""
        self.store = Store(state)
        self._begin()

    def _begin(self) -> None:
        self.world = World(self._mounts, self.store, self._seed, self.base)
        self.exchange = Exchange(self.world)
        self.courier = Courier(self.world, self.commit)
        self.commit()

    def arrive(self, raw: Raw, *, local: bool) -> Work | Sending:
        """One request, to the panel or to a gateway."""
        path, query = query_of(raw.path)
        if path.startswith(panel.PREFIX):
            status, shown = self._panel(raw, path, query) if local and self._admin else (403, {})
            self.commit()
            return Sending("answer", status, json.dumps(shown).encode(), JSON)
        base = f"http://{raw.headers['host']}" if "host" in raw.headers else self.base
        _, _, query_string = raw.path.partition("?")
        request = Request(
            self.world, raw.verb, path, raw.headers, raw.body, query, query_string=query_string, base=base
        )
        found = self.exchange.arrive(request)
        self.commit()
        return found

    def work(self, work: Work) -> Sending:
        """Do what was asked; what is said afterwards is kept before it is said."""
        sending = self.exchange.work(work)
        self.commit()
        return sending

    def tick(self) -> None:
        """Do what came due."""
        if self.world.timers.run():
            self.commit()
        self.courier.pump()

    def commit(self) -> None:
        """Keep what changed."""
        self.store.commit(self.world.clock.now())

    def _panel(self, raw: Raw, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path == f"{panel.PREFIX}status":
            shown = {"busy": self.courier.busy, "bugs": self.exchange.bugs, "base": self.base}
            return 200, {**shown, "gateways": [mount.name for mount in self._mounts]}
        if path == f"{panel.PREFIX}reset" and raw.verb == "POST":
            self.courier.stop()
            self.store.clear(self.world.clock.now())
            self._begin()
            return 200, {}
        return panel.answer(self.world, raw.verb, path, query, raw.body)


class Connection(asyncio.Protocol):
    """One client. Requests are answered in order; a slow one holds back those behind it."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._local = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._local = is_loopback(transport.get_extra_info("peername"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._serve()

    def _serve(self) -> None:
        while self._task is None and not self._transport.is_closing():
            try:
                raw = take_request(self._buffer)
            except BadRequest as error:
                self._transport.write(encode(error.status, b"", {}, keep=False))
                self._transport.close()
                return
            if raw is None:
                return
            keep = raw.headers.get("connection", "").lower() != "close"
            found = self._simulator.arrive(raw, local=self._local)
            if isinstance(found, Work) and not found.delay_ms:
                found = self._simulator.work(found)
            if isinstance(found, Sending) and found.how in ("answer", "reset", "cut") and not found.first:
                self._say(found, keep)
                self._simulator.courier.pump()
            else:
                self._task = asyncio.create_task(self._slowly(found, keep))
                self._task.add_done_callback(self._went_on)

    def _went_on(self, task: "asyncio.Task[None]") -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()):
            log.error("a request came to no end", exc_info=error)
            self._transport.abort()
            return
        self._serve()

    async def _slowly(self, found: Work | Sending, keep: bool) -> None:
        """What takes time. The client may be gone: a slow gateway still does what it was asked, in no other world."""
        if isinstance(found, Work):
            asked = self._simulator.world
            await asyncio.sleep(found.delay_ms / 1000)
            if self._simulator.world is not asked:
                self._transport.abort()
                return
            found = self._simulator.work(found)
        if found.first:
            await self._simulator.courier.carry_first(found.first)
        self._simulator.courier.pump()
        if found.how == "hang":
            await self._until_gone(found.seconds)
            self._transport.abort()
        elif found.how == "drip":
            await self._drip(found)
        else:
            self._say(found, keep)

    async def _until_gone(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while not self._transport.is_closing() and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(min(0.2, seconds))

    async def _drip(self, sending: Sending) -> None:
        whole = encode(sending.status, sending.body, sending.headers, keep=False)
        for number in range(len(whole)):
            if self._transport.is_closing():
                return
            self._transport.write(whole[number : number + 1])
            await asyncio.sleep(sending.seconds)
        self._transport.close()

    def _say(self, sending: Sending, keep: bool) -> None:
        if self._transport.is_closing():
            return
        if sending.how == "reset":
            self._transport.abort()
            return
        whole = encode(sending.status, sending.body, sending.headers, keep)
        if sending.how == "cut":
            whole, keep = whole[: len(whole) - len(sending.body) // 2 - 1], False
        self._transport.write(whole)
        if not keep:
            self._transport.close()


async def tick_forever(simulator: Simulator) -> None:
    """Look for what came due, for as long as the server lives."""
    while True:
        simulator.tick()
        await asyncio.sleep(TICK_SECONDS)
