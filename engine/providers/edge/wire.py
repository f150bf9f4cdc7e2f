"""One exchange of bytes with one host, on `requests`: one session a thread, one try, no redirect, no cookie.

What went wrong is read from the budget's stage, never from the library's exception: where no byte of the
request was handed to a socket it did not leave, and whatever happens later is no answer.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

from engine.core import sql
from engine.providers.edge import sockets
from engine.providers.edge.faults import Fault, NoAnswer, NotSent
from engine.providers.edge.sockets import Budget, Stage

_CHUNK = 65_536
_NOT_SENT = {
    Stage.NAME: ("no_address", "the name of {host} could not be resolved"),
    Stage.CONNECT: ("unreachable", "{host} could not be reached"),
    Stage.TLS: ("no_tls", "no secure connection to {host} could be made"),
    Stage.READY: ("not_sent", "nothing could be sent to {host}"),
}
_local = threading.local()


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds but for `bytes_max`. A connection that was not used for `idle_seconds` is not used again: its other
    end may be closing it just now, and what is sent into that is neither sent nor not sent."""

    seconds: float
    connect_seconds: float
    read_seconds: float
    bytes_max: int
    idle_seconds: float = 4.0


@dataclass(frozen=True, slots=True)
class Raw:
    """What came back, whatever its status. `headers` know no case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def send(method: str, url: str, headers: Mapping[str, str], body: bytes, *, limits: Limits) -> Raw:
    """Send once and read all of the answer. Calls out. Raises NotSent or NoAnswer within `limits.seconds`.

    A pooled database connection of this thread is given back first: it is not held while somebody else is waited for.
    """
    sql.give_back()
    budget = sockets.begin(
        Budget(limits.seconds, limits.connect_seconds, limits.read_seconds, limits.bytes_max)
    )
    try:
        return _exchange((method, url, headers, body), limits, budget)
    except Exception as error:
        kind = type(error).__name__
    # Outside the handler, so that no text of a library hangs on as its context: it may quote a URL or a header.
    raise _fault(budget, host_of(url), kind, limits)


def host_of(url: str) -> str:
    """Host and port of a URL: all of it that a text may show."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return "a host that can't be read"


def retry_after(text: str | None) -> float | None:
    """Seconds of a Retry-After header; None where it is missing, a date or nonsense."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds <= 86_400 else None


def _exchange(asked: tuple[str, str, Mapping[str, str], bytes], limits: Limits, budget: Budget) -> Raw:
    method, url, headers, body = asked
    parts, size = [], 0
    session = _session(limits.idle_seconds)
    with session.request(
        method,
        url,
        data=body,
        headers=dict(headers),
        timeout=(limits.connect_seconds, limits.read_seconds),  # each is cut to the budget by the socket
        allow_redirects=False,
        stream=True,
    ) as response:
        for part in response.iter_content(_CHUNK):
            size += len(part)
            parts.append(part)
            if size > limits.bytes_max:
                budget.too_large = True
                raise sockets.TooLarge
    _local.used_at = time.monotonic()
    return Raw(response.status_code, response.headers, b"".join(parts))


def _fault(budget: Budget, host: str, kind: str, limits: Limits) -> Fault:
    if budget.stage is Stage.READY and budget.timed_out:
        return NotSent("no_time", f"no time was left to send anything to {host}")
    if budget.stage in _NOT_SENT:
        code, text = _NOT_SENT[budget.stage]
        return NotSent(code, text.format(host=host))
    if budget.too_large:
        return NoAnswer("too_large", f"{host} answered more than {limits.bytes_max} bytes")
    if budget.timed_out:
        begun = budget.stage is Stage.ANSWERING
        return NoAnswer("timeout", f"{host} did not {'finish its' if begun else 'give an'} answer in time")
    return NoAnswer("broken", f"the exchange with {host} broke ({kind})")


class _Session(requests.Session):
    def get_redirect_target(self, resp: Any) -> None:
        """None: the library would read a redirect's whole body to look where it leads."""


class _Http(HTTPConnection):
    def _new_conn(self) -> Any:
        return sockets.dial(self._dns_host, self.port or 80, then=Stage.READY)


class _Https(HTTPSConnection):
    def _new_conn(self) -> Any:
        return sockets.dial(self._dns_host, self.port or 443, then=Stage.TLS)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=_trust(), **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing: our context verifies. The library's way reads the whole bundle again for each connection."""


@cache
def _trust() -> ssl.SSLContext:
    """Verifies the certificate and the host's name, for all threads."""
    context = create_urllib3_context()
    context.load_verify_locations(certifi.where())
    context.sslsocket_class = sockets.Tls
    return context


def _session(idle_seconds: float) -> requests.Session:
    """This thread's session. A forked child makes its own: a shared socket would mix up answers."""
    if getattr(_local, "pid", None) != os.getpid():
        session = _Session()
        session.trust_env = False  # no proxy and no .netrc between us and the provider
        session.cookies.set_policy(
            DefaultCookiePolicy(allowed_domains=[])
        )  # what one call says, none repeats
        session.headers.clear()
        session.headers.update(
            {"User-Agent": "clearbeat", "Accept": "application/json", "Accept-Encoding": "identity"}
        )
        adapter = _Adapter(pool_connections=8, pool_maxsize=2, max_retries=0)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        _local.session, _local.pid, _local.used_at = session, os.getpid(), time.monotonic()
    elif time.monotonic() - _local.used_at > idle_seconds:
        _local.session.close()  # its idle connections; it opens new ones
    return _local.session  # type: ignore[no-any-return]
