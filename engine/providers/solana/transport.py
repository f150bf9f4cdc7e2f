"""One HTTP exchange with one node: sessions, deadlines, limits. Never retries, never follows redirects."""

from __future__ import annotations

import os
import threading
import time

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from engine.providers.solana.endpoints import Endpoint
from engine.providers.solana.faults import NotReached, OutcomeUnknown, RateLimited, RpcFault

BODY_BYTES_MAX = 32 * 2**20
CONNECT_SHARE, READ_SHARE = 0.3, 0.35  # of the deadline; what is left is for the body
_local = threading.local()


def post(endpoint: Endpoint, body: bytes, seconds: float) -> tuple[bytes, float | None]:
    """Send one request within `seconds` in all; the answer's bytes and its Retry-After in seconds.

    Calls out. Raises NotReached, OutcomeUnknown or RateLimited. The total holds for a node that is slow
    or silent; resolving a name, its second address and header lines that trickle in come on top.
    """
    fault: RpcFault
    try:
        return _exchange(endpoint, body, time.monotonic() + seconds, seconds)
    except requests.RequestException as error:
        fault = _classify(error, endpoint.host)
    except OSError:
        fault = OutcomeUnknown(f"the connection to {endpoint.host} broke")
    raise fault  # outside the handler, so that no text with the URL hangs on as its context


def _exchange(endpoint: Endpoint, body: bytes, until: float, seconds: float) -> tuple[bytes, float | None]:
    read = seconds * READ_SHARE
    with _session().post(
        endpoint.url,
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=(seconds * CONNECT_SHARE, read),
        allow_redirects=False,
        stream=True,
    ) as response:
        status = response.status_code
        wait = retry_after(response.headers.get("Retry-After"))
        if status == 429:
            raise RateLimited(f"{endpoint.host} limits our rate", wait)
        if status >= 500 or 300 <= status < 400:
            raise OutcomeUnknown(f"{endpoint.host} answered HTTP {status}")
        return _read(response, until - read, endpoint.host), wait


def _read(response: requests.Response, until: float, host: str) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(65_536):
        size += len(part)
        parts.append(part)
        if size > BODY_BYTES_MAX:
            raise OutcomeUnknown(f"{host} answered more than {BODY_BYTES_MAX} bytes")
        if time.monotonic() > until:
            raise OutcomeUnknown(f"{host} did not finish its answer in time")
    return b"".join(parts)


def retry_after(text: str | None) -> float | None:
    """Seconds of a Retry-After header; None where it is missing, a date or nonsense."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds <= 86_400 else None


def _classify(error: requests.RequestException, host: str) -> RpcFault:
    """NotReached only where the connection itself failed; everything later may have been acted upon."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, (NewConnectionError, ConnectTimeoutError)):
        return NotReached(f"{host} could not be reached")
    return OutcomeUnknown(f"{host} gave no answer ({type(error).__name__})")


def _session() -> requests.Session:
    """This thread's session. A forked child makes its own: a shared socket would mix up answers."""
    if getattr(_local, "pid", None) != os.getpid():
        session = requests.Session()
        session.trust_env = False  # no proxy and no .netrc between us and the node
        session.mount("http://", HTTPAdapter(max_retries=0))
        session.mount("https://", HTTPAdapter(max_retries=0))
        _local.session, _local.pid = session, os.getpid()
    return _local.session  # type: ignore[no-any-return]
