"""Work what was received: find what each names, make a look at it due, say what it led to. Never a state of money.

A callback that names what is not known yet is looked for again, with growing waits, before it is said to name nothing
of ours. One that fails again and again is parked with its reason, and stops no other.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import transaction

from engine.core import clock, sql
from engine.core.backoff import doubling
from engine.core.errors import first_line
from payments.callbacks import route, takers
from payments.callbacks.models import Callback
from payments.callbacks.route import Look, Taken, Turn
from payments.pipeline import hinted, stopping
from payments.pipeline.lanes import Lane

log = structlog.get_logger(__name__)
BATCH = 200
MOST_TRIES, MOST_TAKES = 8, 16
_WORN = "it was taken again and again without a result: it takes its worker down"
_LEASE = timedelta(seconds=90)
_OUTSIDE_SECONDS = 40.0  # of a lease, for calls to the world: the last of them may take as long again
_FAILED_FIRST, _FAILED_MOST = 5.0, 600.0


class Worked:
    """How many callbacks became what, and the lanes in which a look is due now."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.lanes: set[Lane] = set()


def waiting() -> bool:
    """True if a callback may be taken now. Reads one index."""
    return Callback.objects.filter(next_action_at__lte=clock.machine_now()).exists()


def work(*, seconds: float = 50, batch: int = BATCH) -> Worked:
    """Work what is due until nothing is or `seconds` are over. Commits per batch; takers may call out."""
    worked, until = Worked(), time.monotonic() + seconds
    while time.monotonic() < until and not stopping.is_set() and (taken := take(most=batch)):
        _work(taken, worked)
    return worked


def take(*, most: int) -> list[Taken]:
    """Waiting callbacks whose time has come, for the length of a lease. Commits."""
    now = clock.machine_now()
    found = sql.rows(sql.statement(__file__, "take"), {"now": now, "until": now + _LEASE, "most": most})
    return [Taken(*row) for row in found]


def _work(taken: Sequence[Taken], worked: Worked) -> None:
    """A batch: what the database alone can say, then what a taker must ask for."""
    until = time.monotonic() + _OUTSIDE_SECONDS
    worn = [one for one in taken if one.tries > MOST_TAKES]
    _settle([], [route.ends(one, "parked", _WORN) for one in worn], worked)
    sound = [one for one in taken if one.tries <= MOST_TAKES]
    _go([one for one in sound if not takers.takes(one)], worked)
    for one in sound:
        if takers.takes(one):
            _settle([], [_ask(one) if time.monotonic() < until else _given_back(one)], worked)


def _go(taken: Sequence[Taken], worked: Worked) -> None:
    """All at once; whatever stops that, but for a lost connection, makes them go one by one. Commits."""
    if not taken:
        return
    try:
        named, now = route.find(taken), clock.machine_now()
        turns, due = [], []
        for one in taken:
            found = named.get(one.id)
            turn, looks = route.of_attempt(one, found, now) if found else (route.of_nothing(one, now), [])
            turns.append(turn)
            due += looks
        _settle(due, turns, worked)
    except Exception as fault:
        if sql.lost(fault) and not sql.its_own(fault):
            raise
        if len(taken) == 1:
            _settle([], [_failed(taken[0], fault)], worked)
            return
        log.warning("a batch of callbacks goes one by one", fault=first_line(fault), count=len(taken))
        for one in taken:
            _go([one], worked)


def _settle(due: Sequence[Look], turns: Sequence[Turn], worked: Worked) -> None:
    """Each look in `due` is due now, in the commit that says so of its callback (I2)."""
    if not turns:
        return
    with transaction.atomic():
        hinted.make_due([look.told for look in due])
        params = {**sql.columns(turns, *Turn._fields), "now": clock.machine_now()}
        sql.affected(sql.statement(__file__, "finish"), params)
    worked.counts.update(turn.state for turn in turns)
    worked.lanes |= {look.lane for look in due}


def _ask(one: Taken) -> Turn:
    """What its taker says; a failure is this callback's own."""
    try:
        return takers.ask(one)
    except Exception as fault:
        if sql.lost(fault) and not sql.its_own(fault):
            raise
        return _failed(one, fault)


def _given_back(one: Taken) -> Turn:
    """Not reached: those before it took too long. It is due at once."""
    return route.waits(one, "", now=clock.machine_now(), seconds=0)


def _failed(one: Taken, fault: Exception) -> Turn:
    said = f"{type(fault).__name__}: {first_line(fault)}"[:500]
    log.error("a callback can't be worked", callback=str(one.id), fault=said, tries=one.tries, exc_info=fault)
    if one.tries >= MOST_TRIES:
        return route.ends(one, "parked", f"it failed {one.tries} times, at last with {said}")
    seconds = doubling(_FAILED_FIRST, one.tries, most=_FAILED_MOST)
    return route.waits(one, said, now=clock.machine_now(), seconds=seconds, failed=True)
