"""What is wrong here, and how to mend it: every part looked at side by side, all of it within two seconds."""

from __future__ import annotations

import os
import shutil
import time
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import connection
from django_celery_beat.models import PeriodicTask

from engine.core import clock
from engine.providers import registry
from ops import books, gone, heartbeat, parts, probes, scheduler, timetable, waits
from ops.checks import CHECKS
from ops.probes import FAULT, OK, WARN, Look, Seen
from payments.models import KillSwitch, ProviderSwitch

SECONDS = 1.4
_BOOKS_SECONDS = 0.9
_HOST_SKEW_SECONDS = 2.0
_CHAIN_SKEW_SECONDS = 120.0
_MANY = 1000
_LOW_BYTES, _LEAST_BYTES = 5 * 2**30, 500 * 2**20
_UNMIGRATED = Seen(FAULT, "unknown: tables are missing", "run manage.py migrate")
_NO_DATABASE = "start PostgreSQL, or mend DATABASE_URL"


def examine(*, seconds: float = SECONDS) -> dict[str, Seen]:
    """Every check by its name. Reads everything, calls out, changes nothing; ends after `seconds`."""
    looks: dict[str, Look] = {
        "database": _database, "migrations": _migrations, "redis": _redis, "host clock": _host_clock,
        "signs of life": _signs, "timetable": _timetable, "switches": _switches, "books": _books, "disk": _disk,
        "networks": _networks, "keys": _keys, "ledger": parts.ledger,
        "inbox": parts.inbox, "waiting payments": _waiting, "providers": gone.seen,
    }  # fmt: skip
    looks |= {f"provider {name}": partial(_provider, name) for name in registry.names()}
    found = probes.look(looks, seconds=seconds, mend="it hangs, or its server does: look at it by hand")
    found |= _heard(found.pop("signs of life"))
    if found["migrations"].state == FAULT:
        found |= {
            name: _UNMIGRATED for name, seen in found.items() if seen.sentence.startswith("ProgrammingError")
        }
    return found


def _database() -> Seen:
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    took = (time.monotonic() - began) * 1000
    if int(version.partition(".")[0]) < 15:
        return Seen(FAULT, f"PostgreSQL {version}", "use PostgreSQL 15 or newer")
    return Seen(OK, f"PostgreSQL {version}, {took:.0f} ms")


def _migrations() -> Seen:
    if missing := parts.unapplied():
        return Seen(FAULT, parts.counted(missing), "run manage.py migrate")
    return Seen(OK, "all applied")


def _redis() -> Seen:
    try:
        return parts.redis()
    except Exception as fault:  # redis-py raises its own and the socket's
        return Seen(FAULT, f"Redis connection failed: {type(fault).__name__}",
                    "start Redis or mend REDIS_URL; nothing is lost meanwhile")  # fmt: skip


def _host_clock() -> Seen:
    before = time.time()  # noqa: TID251 (this host's clock is what is looked at)
    base = clock.machine_now().timestamp()
    after = time.time()  # noqa: TID251
    skew = max(before - base, base - after, 0.0)
    said = f"{skew:.2f} s from the database's"
    return Seen(OK, said) if skew <= _HOST_SKEW_SECONDS else Seen(WARN, said, "let NTP set both clocks")


def _signs() -> Seen:
    return Seen(OK, "", facts=heartbeat.ages(clock.machine_now()))


def _heard(signs: Seen) -> dict[str, Seen]:
    names = {"beat": heartbeat.TICK, **{f"workers {q}": heartbeat.of_queue(q) for q in heartbeat.QUEUES}}
    if signs.state != OK:
        return {name: Seen(FAULT, "unknown: the database does not answer", _NO_DATABASE) for name in names}
    beat = parts.beat(signs.facts.get(heartbeat.TICK))
    queues = {
        f"workers {q}": parts.worker(q, signs.facts.get(heartbeat.of_queue(q))) for q in heartbeat.QUEUES
    }
    return {"beat": beat, **queues}


def _timetable() -> Seen:
    entries = list(PeriodicTask.objects.order_by("name"))
    names = {entry.name for entry in entries}
    if missing := [name for name in ("tick", "sweep", *scheduler.ENTRIES) if name not in names]:
        return Seen(FAULT, f"has no entry {', '.join(missing)}", "run manage.py sync_schedule")
    if not next(entry.enabled for entry in entries if entry.name == "tick"):
        return Seen(
            FAULT, "the tick is off: nothing is sent", "run manage.py sync_schedule --restore tick --reason …"
        )
    off = [entry.name for entry in entries if entry.name in scheduler.ENTRIES and not entry.enabled]
    if off:
        return Seen(WARN, f"off: {', '.join(off)}", "manage.py scheduler start bills by itself again")
    edited = [entry.name for entry in entries if timetable.is_edited(entry)]
    if edited:
        return Seen(
            WARN, f"edited: {', '.join(edited)}", "sync_schedule --restore NAME --reason … takes an edit back"
        )
    return Seen(OK, f"{len(entries)} entries, none edited")


def _switches() -> Seen:
    stopped = [f"everything ({switch.reason})" for switch in KillSwitch.objects.filter(sending=False)]
    stopped += [f"{one.provider} ({one.reason})" for one in ProviderSwitch.objects.filter(paused=True)]
    if stopped:
        return Seen(WARN, f"stopped: {'; '.join(stopped)}", "manage.py resume --all or --provider NAME")
    known = set(ProviderSwitch.objects.values_list("provider", flat=True))
    if missing := sorted(set(registry.names()) - known):
        return Seen(FAULT, f"no switch of {', '.join(missing)}", "run manage.py sync_schedule")
    return Seen(OK, "sending")


def _books() -> Seen:
    """All rules, if they can be checked in under a second; a big house runs check_books on a schedule of its own."""
    found: list[books.Result] = []
    try:
        books.check_books(seconds=_BOOKS_SECONDS, done=found.append)
    except books.TimeIsOver:
        said = f"too big to be checked in passing: {len(found)} of {len(CHECKS)} rules were"
    else:
        said = ""
    if broken := [each.name for each in found if each.broken]:
        return Seen(FAULT, f"wrong: {', '.join(broken)}", "run manage.py check_books")
    return Seen(WARN, said, "run manage.py check_books") if said else Seen(OK, "every rule holds")


def _waiting() -> Seen:
    if found := waits.told(most=_MANY):
        mend = "they go on by themselves once that is mended: docs/operations.md, under PaymentsWait"
        return Seen(WARN, " ".join(found), mend)
    return Seen(OK, "none for long")


def _disk() -> Seen:
    folder = Path(os.environ.get("RUN_DIR", ".run")).resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    said = f"{free / 2**30:.1f} GiB free at {folder}"
    if free >= _LOW_BYTES:
        return Seen(OK, said)
    return Seen(FAULT if free < _LEAST_BYTES else WARN, said, "make room: PostgreSQL stops when it is full")


def _networks() -> Seen:
    wrong = registry.wrong_networks()
    return (
        Seen(FAULT, " ".join(wrong), "mend SOLANA_RPC_URL or SOLANA_NETWORK")
        if wrong
        else Seen(OK, "as configured")
    )


def _keys() -> Seen:
    env = settings.ENV
    has = {"SOLANA_COLLECTOR_KEYS": bool(env.solana_collector_keys),
           "SOLANA_FEE_PAYER_KEY": bool(env.solana_fee_payer_key.get_secret_value())}  # fmt: skip
    missing = [name for name, there in has.items() if not there]
    if missing and "solana_delegate" in registry.names():
        return Seen(WARN, f"not set: {', '.join(missing)}", "nothing can be pulled on Solana without them")
    return Seen(OK, "set")


def _provider(name: str) -> Seen:
    seen = parts.provider(name)
    theirs = seen.facts.get("unix_seconds")
    if seen.state != OK or theirs is None:
        return seen
    lag = clock.machine_now().timestamp() - theirs
    said = f"connected; its time is {abs(lag):.0f} s {'behind' if lag >= 0 else 'ahead of'} ours"
    return (
        Seen(OK, said)
        if abs(lag) <= _CHAIN_SKEW_SECONDS
        else Seen(WARN, said, "a node behind, or our clock is off")
    )
