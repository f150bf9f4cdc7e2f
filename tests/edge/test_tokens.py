"""Access tokens: fetched once for all, renewed before they end, encrypted, never shown; over HTTP and PostgreSQL."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from engine.core import clock, crypt
from engine.providers.edge import token_rows, tokens
from engine.providers.edge.faults import NotSent
from engine.providers.edge.http import Call, exchange
from engine.providers.edge.models import AccessToken
from engine.providers.edge.tokens import Fetched, Source
from tests.edge.conftest import MakeCall
from tests.edge.server import Server, reply, serving

pytestmark = pytest.mark.usefixtures("committed")
MakeSource = Callable[..., Source]


@pytest.fixture
def committed(empty_database: str, django_db_blocker: Any) -> Iterator[None]:
    """The database without a transaction around the test, so that threads see each other's commits."""
    with django_db_blocker.unblock():
        yield
        tokens.forget()
        AccessToken.objects.all().delete()
        connection.close()


@pytest.fixture
def issuer() -> Iterator[Server]:
    """A token endpoint that gives hush-1, hush-2, … for 600 seconds."""
    with serving() as server:

        def act(connected: object, request: bytes) -> None:
            body = {"access_token": f"hush-{len(server.requests)}", "expires_in": 600}
            reply(json.dumps(body).encode())(connected, request)  # type: ignore[arg-type]

        server.act = act  # type: ignore[attr-defined]
        yield server


@pytest.fixture
def source(issuer: Server, call: MakeCall) -> Source:
    return source_of(call(issuer.url, operation="token", may_move_money=False))


def source_of(made: Call, **differs: float) -> Source:
    def fetch() -> Fetched:
        said = exchange(made).json()
        return Fetched(said["access_token"], float(said["expires_in"]))

    return Source(tokens.name_of("acme", "client", "s3cret"), fetch, **differs)


def age(seconds: float) -> None:
    """The stored token is older by that much, and no process remembers it."""
    span = timedelta(seconds=seconds)
    AccessToken.objects.update(fetched_at=F("fetched_at") - span, expires_at=F("expires_at") - span)
    tokens.forget()


def in_threads(count: int, act: Callable[[], object]) -> list[object]:
    together = threading.Barrier(count)

    def one(_: int) -> object:
        together.wait()
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_it_is_fetched_once_and_then_remembered(source: Source, issuer: Server) -> None:
    assert [tokens.held(source).text for _ in range(3)] == ["hush-1"] * 3
    tokens.forget()  # as another process: it reads the row
    assert tokens.held(source).text == "hush-1"
    assert len(issuer.requests) == 1


def test_threads_of_one_process_fetch_once(source: Source, issuer: Server) -> None:
    assert {token.text for token in in_threads(8, lambda: tokens.held(source))} == {"hush-1"}  # type: ignore[attr-defined]
    assert len(issuer.requests) == 1


def test_workers_that_share_nothing_but_the_database_fetch_once(
    source: Source, issuer: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_remembered", lambda _: None)

    def worker() -> str:
        try:
            return tokens._read_or_renew(source, early=0).text
        except NotSent as fault:
            return f"{fault.code} {fault.retry_seconds}"

    came = set(in_threads(8, worker))
    assert came <= {"hush-1", "token_awaited 1.0"} and "hush-1" in came
    assert len(issuer.requests) == 1


def test_it_is_renewed_before_it_ends(source: Source, issuer: Server) -> None:
    tokens.held(source)
    age(530)
    assert tokens.held(source).text == "hush-1"
    age(15)  # 55 s are left
    assert tokens.held(source).text == "hush-2"
    assert len(issuer.requests) == 2


def test_a_token_in_memory_ages_too(source: Source, issuer: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens.held(source)
    later = clock.boot_seconds() + 545
    monkeypatch.setattr(clock, "boot_seconds", lambda: later)
    age_only_rows = timedelta(seconds=545)
    AccessToken.objects.update(
        fetched_at=F("fetched_at") - age_only_rows, expires_at=F("expires_at") - age_only_rows
    )
    assert tokens.held(source).text == "hush-2"


def test_while_another_worker_renews_the_old_one_serves(source: Source, issuer: Server) -> None:
    tokens.held(source)
    age(560)
    token_rows.lease(source.name, seen=AccessToken.objects.get().digest, seconds=60)
    assert tokens.held(source).text == "hush-1"
    age(36)  # 4 s: too little to be sure
    with pytest.raises(NotSent, match="being fetched by another worker"):
        tokens.held(source)
    assert len(issuer.requests) == 1


def test_a_lease_whose_worker_died_runs_out(source: Source, issuer: Server) -> None:
    assert token_rows.lease(source.name, seen="", seconds=0.2)
    with pytest.raises(NotSent):
        tokens.held(source)
    while clock.machine_now() < AccessToken.objects.get().leased_until:
        time.sleep(0.02)
    assert tokens.held(source).text == "hush-1"


def test_who_looked_before_another_renewed_takes_what_that_one_got(
    source: Source, issuer: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = token_rows.read(source.name), token_rows.read
    tokens.held(source)
    tokens.forget()
    looks = iter([before])
    monkeypatch.setattr(token_rows, "read", lambda name: next(looks, None) or real(name))
    assert tokens.held(source).text == "hush-1"
    assert len(issuer.requests) == 1


def test_who_comes_back_after_its_lease_does_not_overwrite(source: Source) -> None:
    late = token_rows.lease(source.name, seen="", seconds=0)
    assert late and tokens.held(source).text == "hush-1"
    token_rows.store(late, "hush-late", seconds=600)
    tokens.forget()
    assert tokens.held(source).text == "hush-1"


def test_a_401_is_one_renewal_for_all_workers(source: Source, issuer: Server) -> None:
    tokens.held(source)
    age(100)
    mine = tokens.held(source)
    assert tokens.reject(source, mine)
    assert tokens.held(source).text == "hush-2"
    tokens.forget()  # another worker, which still had the old one and is refused as well
    assert tokens.reject(source, mine)
    assert tokens.held(source).text == "hush-2"
    assert len(issuer.requests) == 2


def test_fifty_threads_that_are_refused_are_one_renewal(source: Source, issuer: Server) -> None:
    tokens.held(source)
    age(100)
    mine = tokens.held(source)

    def refused() -> str:
        tokens.reject(source, mine)
        return tokens.held(source).text

    assert set(in_threads(16, refused)) == {"hush-2"}
    assert len(issuer.requests) == 2


def test_a_refused_token_is_not_held_on_to_when_no_other_can_be_had(source: Source, issuer: Server) -> None:
    tokens.held(source)
    age(100)
    tokens.reject(source, tokens.held(source))
    issuer.act = reply(b"{}", 503)  # type: ignore[attr-defined]
    with pytest.raises(NotSent):
        tokens.held(source)


def test_a_young_token_that_is_refused_is_not_fetched_again(source: Source, issuer: Server) -> None:
    assert tokens.reject(source, tokens.held(source)) is False
    tokens.held(source)
    assert len(issuer.requests) == 1


def test_what_is_at_hand_asks_nobody_and_lives_to_its_very_end(
    source: Source,
    issuer: Server,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Callable[[int], object],
) -> None:
    with pytest.raises(NotSent, match="another one is had first"):
        tokens.at_hand(source)
    tokens.held(source)
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        assert tokens.at_hand(source).text == "hush-1"
        now = clock.boot_seconds()
        monkeypatch.setattr(clock, "boot_seconds", lambda: now + 590)
        assert tokens.at_hand(source).text == "hush-1", "it is renewed before the next batch, not in this one"
        monkeypatch.setattr(clock, "boot_seconds", lambda: now + 601)
        with pytest.raises(NotSent):
            tokens.at_hand(source)
    assert len(issuer.requests) == 1


def test_rejecting_asks_no_database(
    source: Source, django_assert_num_queries: Callable[[int], object]
) -> None:
    tokens.held(source)
    age(100)
    mine = tokens.held(source)
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        tokens.reject(source, mine)


@pytest.mark.parametrize(
    "answer",
    [
        reply(b'{"error": "invalid_client"}', 401),
        reply(b"", 503),
        reply(b"<html>"),
        reply(b'{"access_token": "a\\nb", "expires_in": 600}'),
        reply(b'{"access_token": "", "expires_in": 600}'),
        reply(b'{"access_token": "a", "expires_in": 0}'),
        reply(b'{"access_token": "a", "expires_in": "soon"}'),
        reply(b'{"access_token": 7, "expires_in": 600}'),
        reply(b"", 429, Retry_After="9"),
    ],
)
def test_a_failed_fetch_is_not_sent_and_pauses_all_for_a_second(
    source: Source, issuer: Server, answer: Callable[..., object]
) -> None:
    issuer.act = answer  # type: ignore[attr-defined]
    with pytest.raises(NotSent) as raised:
        tokens.held(source)
    assert raised.value.code == "token_unavailable"
    with pytest.raises(NotSent):
        tokens.held(source)
    assert len(issuer.requests) == 1


def test_an_endpoint_that_is_away_is_not_sent(call: MakeCall) -> None:
    with pytest.raises(NotSent, match=r"acme could be had: 127\.0\.0\.1:9 could not be reached"):
        tokens.held(source_of(call("http://127.0.0.1:9", operation="token")))


def test_no_transaction_is_open_while_it_is_fetched(source: Source, issuer: Server) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="I3"):
        tokens.held(source)
    assert issuer.requests == []
    seen: list[bool] = []
    fetch = source.fetch

    def watching() -> Fetched:
        seen.append(connection.in_atomic_block)
        return fetch()

    tokens.held(Source(source.name, watching))
    assert seen == [False]


def test_the_beat_keeps_it_warm(source: Source, issuer: Server) -> None:
    assert tokens.keep_warm(source) is True
    assert tokens.keep_warm(source) is False
    age(470)  # 130 s are left: enough until the next beat
    assert tokens.keep_warm(source) is False
    age(20)  # 110 s: it would be due on demand before
    assert tokens.keep_warm(source) is True
    issuer.act = reply(b"", 503)  # type: ignore[attr-defined]
    age(1000)
    assert tokens.keep_warm(source) is False
    assert len(issuer.requests) == 3


def test_it_is_encrypted_at_rest_and_one_that_no_key_opens_is_fetched_anew(
    source: Source, issuer: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens.held(source)
    row = AccessToken.objects.get()
    assert b"hush" not in bytes(row.sealed) and "hush" not in str(vars(row)) and "s3cret" not in row.name
    assert crypt.unseal(row.sealed) == b"hush-1"
    monkeypatch.setattr(settings, "FIELD_KEYS", [Fernet.generate_key().decode()])
    crypt._box.cache_clear()
    tokens.forget()
    try:
        assert tokens.held(source).text == "hush-2"
    finally:
        crypt._box.cache_clear()


def test_other_credentials_are_another_token() -> None:
    assert tokens.name_of("acme", "a", "b") != tokens.name_of("acme", "a", "c")


def test_it_is_never_shown(
    source: Source, issuer: Server, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG, logger="engine"):
        token = tokens.held(source)
        shown = f"{token!r} {token} {source!r} {Fetched('hush-9', 1)!r} {token_rows.read(source.name)!r}"
        issuer.act = reply(b'{"access_token": "hush-\\n", "expires_in": 1}')  # type: ignore[attr-defined]
        age(700)
        with pytest.raises(NotSent) as raised:
            tokens.held(source)
    assert "hush" not in shown + caplog.text + "".join(capsys.readouterr()) + str(raised.value)
