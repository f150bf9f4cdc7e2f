"""Access tokens: fetched on demand before they expire, once for all workers, and once more where one is refused.

Threads that only speak HTTP may call `at_hand` and `reject`; `held` and `keep_warm` read the database and belong to a
lane's driver or a task. Machine time is the database's; a token in memory ages by the boot-time clock.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from engine.core import clock, sql
from engine.providers.edge import token_rows
from engine.providers.edge.faults import Fault, NotSent
from engine.providers.edge.token_rows import Stored

log = structlog.get_logger(__name__)
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a token endpoint gave, and for how many seconds it is good."""

    text: str = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class Source:
    """One set of credentials. `fetch` calls out once and raises Fault; it is never called inside a transaction.

    Spans are seconds. `margin`: a token is renewed so long before its end (at most a fifth of its life);
    `fetch_seconds`: the longest that `fetch` takes; `young`: a token refused at this age or younger says that the
    credentials are wrong, not the token.
    """

    name: str
    fetch: Callable[[], Fetched] = field(repr=False)
    margin: float = 60.0
    fetch_seconds: float = 10.0
    young: float = 30.0

    @property
    def provider(self) -> str:
        return self.name.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Token:
    """A token in memory; `_at` are boot-time seconds."""

    text: str = field(repr=False)
    digest: str
    fetched_at: float
    stale_at: float  # renew it from here on
    ends_at: float


_memory: dict[str, Token] = {}
_rejected: dict[str, str] = {}  # source -> digest of the token that was refused
_fetching: dict[str, threading.Lock] = {}


def name_of(provider: str, *credentials: str) -> str:
    """A source's name: other credentials, or another endpoint, are another token."""
    digest = hashlib.sha256("\n".join(credentials).encode()).hexdigest()
    return f"{provider}:{digest[:16]}"


def held(source: Source) -> Token:
    """A token that is good now. Reads memory, then the database; commits and calls out where it must be renewed.

    Raises NotSent: it can't be had now, or somebody else is fetching it just now (`retry_seconds`).
    """
    token = _remembered(source)
    if token:
        return token
    with _guard:
        lock = _fetching.setdefault(source.name, threading.Lock())
    if not lock.acquire(timeout=source.fetch_seconds):
        raise _awaited(source)
    try:
        return _remembered(source) or _read_or_renew(source, early=0.0)
    finally:
        lock.release()


def at_hand(source: Source) -> Token:
    """The token that the lane's driver had, while it lives. No calls, no database: for threads that only send.

    Raises NotSent where it was refused or is over meanwhile: the next `held` has another one.
    """
    token = _memory.get(source.name)
    if token is None or clock.boot_seconds() >= token.ends_at:
        text = f"the access token for {source.provider} was refused or is over; another one is had first"
        raise NotSent("token_awaited", text, 1.0)
    return token


def reject(source: Source, token: Token) -> bool:
    """The provider answered 401 to `token`. No calls, no database: any thread may say so.

    True: the next `held` has another one, once for all workers. False: it was fetched just now, so it is the
    credentials that are refused; the same token stays, and an operator is asked.
    """
    if clock.boot_seconds() - token.fetched_at <= source.young:
        return False
    with _guard:
        _rejected[source.name] = token.digest
        if _memory.get(source.name) == token:
            del _memory[source.name]
    return True


def keep_warm(source: Source, *, every: float = 60.0) -> bool:
    """Renew a token that would be due before the next look in `every` seconds. For a task; True if it was renewed.

    A convenience: `held` renews by itself. Commits and calls out; the world's faults are logged, never raised.
    """
    before = token_rows.read(source.name).digest
    try:
        return _read_or_renew(source, early=every).digest != before
    except NotSent as fault:
        log.warning("access token not renewed", token=source.name, code=fault.code, reason=fault.message)
        return False


def forget() -> None:
    """What this process knows; the database keeps the token."""
    with _guard:
        _memory.clear()
        _rejected.clear()


def _remembered(source: Source) -> Token | None:
    token = _memory.get(source.name)
    return token if token and clock.boot_seconds() < token.stale_at else None


def _read_or_renew(source: Source, *, early: float) -> Token:
    stored = token_rows.read(source.name)
    token = _token(source, stored) if stored.text and stored.digest != _rejected.get(source.name) else None
    now = clock.boot_seconds()
    if token and now < token.stale_at - early:
        return _remember(source, token)
    try:
        return _renew(source, stored)
    except NotSent:
        if token and now < token.ends_at - 5.0:
            return token  # old, not over: who renews it is about to, or the next call tries
        raise


def _renew(source: Source, stored: Stored) -> Token:
    """Fetch under a lease, which is committed before and given back after: no transaction is open meanwhile."""
    if not sql.outside_transaction():
        raise RuntimeError("a transaction is open across a network call (I3)")
    lease = token_rows.lease(source.name, seen=stored.digest, seconds=source.fetch_seconds + 2.0)
    if lease is None:
        return _made_by_another(source, stored)
    fault = NotSent("token_unavailable", f"no access token for {source.provider} could be had")
    try:
        fetched = _checked(source.fetch())
    except Fault as said:
        fault = NotSent("token_unavailable", f"{fault.message}: {said.message}", said.retry_seconds)
    except Exception as bug:  # no money moves by it, so whatever went wrong: nothing was sent
        log.error("a token's answer could not be read", token=source.name, fault=type(bug).__name__)
    else:
        token_rows.store(lease, fetched.text, seconds=fetched.seconds)
        return _remember(source, _token(source, Stored.of(fetched.text, fetched.seconds)))
    token_rows.give_back(lease)
    raise fault


def _checked(fetched: Fetched) -> Fetched:
    """Raises ValueError for what can't stand in a header or is over already."""
    if not (fetched.text.isascii() and fetched.text.isprintable() and fetched.text.strip()):
        raise ValueError("no text of a token")
    if not 0 < fetched.seconds <= 31_536_000:
        raise ValueError("no span of a token")
    return fetched


def _made_by_another(source: Source, seen: Stored) -> Token:
    stored = token_rows.read(source.name)
    if not stored.text or stored.digest == seen.digest:
        raise _awaited(source)
    return _remember(source, _token(source, stored))


def _token(source: Source, stored: Stored) -> Token:
    now, life = clock.boot_seconds(), stored.age_seconds + stored.left_seconds
    return Token(
        text=stored.text,
        digest=stored.digest,
        fetched_at=now - stored.age_seconds,
        stale_at=now + stored.left_seconds - min(source.margin, life / 5),
        ends_at=now + stored.left_seconds,
    )


def _remember(source: Source, token: Token) -> Token:
    with _guard:
        _memory[source.name] = token
        _rejected.pop(source.name, None)
    return token


def _awaited(source: Source) -> NotSent:
    text = f"an access token for {source.provider} is being fetched by another worker"
    return NotSent("token_awaited", text, 1.0)
