"""HTTP/1.1 with keep-alive on one event loop, which is also the only thread that touches LiteSVM."""

import asyncio

from sandbox.http1 import BadRequest, Request, encode, is_loopback, take_request
from sandbox.localnet.chain import RING_SLOTS, Chain
from sandbox.localnet.rpc.control import Control
from sandbox.localnet.rpc.dispatch import Dispatcher, Plan, Reply
from sandbox.localnet.view import View

LAG_SLOTS_MAX = RING_SLOTS // 2


class Connection(asyncio.Protocol):
    """One client. Requests are answered in order; a slow one holds back those behind it."""

    def __init__(self, server: "Server", lag: int) -> None:
        self._server, self._lag = server, lag
        self._buffer = bytearray()
        self._waiting = False
        self._local = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._local = is_loopback(transport.get_extra_info("peername"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._serve()

    def _serve(self) -> None:
        while not self._waiting and not self._transport.is_closing():
            try:
                request = take_request(self._buffer)
            except BadRequest as error:
                self._write(Reply(error.status, b"", content_type="text/plain"), keep=False)
                return
            if request is None:
                return
            keep = request.headers.get("connection", "").lower() != "close"
            planned = self._server.route(request, self._lag, self._local)
            if isinstance(planned, Reply):
                self._write(planned, keep)
            elif planned.delay_ms:
                self._waiting = True
                loop = asyncio.get_running_loop()
                loop.call_later(planned.delay_ms / 1000, self._run_late, planned, keep)
            else:
                self._write(self._server.dispatcher.run(planned), keep)

    def _run_late(self, plan: Plan, keep: bool) -> None:
        self._waiting = False
        # The client may be gone: a slow node still does what it was asked.
        self._write(self._server.dispatcher.run(plan), keep)
        self._serve()

    def _write(self, reply: Reply, keep: bool) -> None:
        if self._transport.is_closing():
            return
        if reply.lost:
            self._transport.abort()
            return
        headers = {"Content-Type": reply.content_type, **reply.headers}
        self._transport.write(encode(reply.status, reply.body, headers, keep))
        if not keep:
            self._transport.close()


class Server:
    """Routes requests to views of one chain, and ticks it."""

    def __init__(self, chain: Chain, control: Control, admin: bool = True) -> None:
        self.chain, self.control = chain, control
        self.dispatcher = Dispatcher(control)
        self._admin = admin
        self._listeners: list[asyncio.Server] = []

    async def listen(self, host: str, port: int, lag: int = 0) -> int:
        """Serve a view on a port (0 picks one); the port. Raises OSError if it is taken."""
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Connection(self, lag), host, port, backlog=512)
        self._listeners.append(listener)
        bound: int = listener.sockets[0].getsockname()[1]
        return bound

    async def tick_forever(self) -> None:
        """Begin a slot every ``slot_ms``. Late ticks are not caught up: slots measure, they do not owe."""
        seconds = self.control.slot_ms / 1000
        loop = asyncio.get_running_loop()
        if seconds <= 0:
            await loop.create_future()  # only x_advance moves this chain
        due = loop.time()
        while True:
            due = max(due + seconds, loop.time())
            await asyncio.sleep(due - loop.time())
            if not self.control.paused:
                self.chain.tick()

    def close(self) -> None:
        """Stop listening."""
        for listener in self._listeners:
            listener.close()

    def route(self, request: Request, lag: int, local: bool) -> Plan | Reply:
        """A view by path: ``/`` is the port's own, ``/lag/N`` one N slots further behind."""
        path = request.path.partition("?")[0]
        if path.startswith("/lag/"):
            slots = path.removeprefix("/lag/").partition("/")[0]
            if not slots.isdigit() or int(slots) > LAG_SLOTS_MAX:
                return Reply(404, b"no such view", content_type="text/plain")
            lag += int(slots)
        view = View(self.chain, lag)
        if request.verb == "GET" and path.endswith("/health"):
            return Reply(200, b"ok" if view.healthy else b"behind", content_type="text/plain")
        if request.verb != "POST":
            return Reply(405, b"", content_type="text/plain")
        # Demanding JSON keeps web pages out: a browser asks before it sends that across origins.
        if not request.headers.get("content-type", "").startswith("application/json"):
            return Reply(415, b"Supplied content type is not allowed", content_type="text/plain")
        return self.dispatcher.plan(view, request.body, local and self._admin)
