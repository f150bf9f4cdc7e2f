"""The books check themselves: every rule of checks.py, in one snapshot.

A system in full work can be checked: what is half done stands in an open transaction and is not seen.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction

from engine.core import clock, sql
from engine.core.errors import Refusal
from engine.ledger.chart import EVENTS
from engine.providers import registry
from ops.checks import CHECKS, Check

EXAMPLES = 10
SUSPENSE_HOURS = 24.0
EVIDENCE_MINUTES = 5.0
SECONDS = 4 * 3600.0
_CUT = "57014"  # PostgreSQL ended the statement at its time limit


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found: how many rows, and the first ten of them. Amounts in minor units."""

    name: str
    sentence: str
    violation: bool
    count: int
    examples: list[dict[str, Any]]

    @property
    def broken(self) -> bool:
        """True if the rule does not hold."""
        return self.violation and self.count > 0


class Books(NamedTuple):
    """All results of one snapshot, taken at machine time `at`."""

    at: datetime
    results: list[Result]

    @property
    def broken(self) -> list[Result]:
        """The rules that do not hold; empty for sound books."""
        return [result for result in self.results if result.broken]


class TimeIsOver(Refusal):
    """The rules could not all be checked in the time that was given. No query of theirs runs any more."""


def check_books(
    *,
    suspense_hours: float = SUSPENSE_HOURS,
    evidence_minutes: float = EVIDENCE_MINUTES,
    seconds: float = SECONDS,
    done: Callable[[Result], None] | None = None,
) -> Books:
    """Run every check in one repeatable-read, read-only snapshot; `done` is called after each.

    Reads. A transaction of its own: raises RuntimeError inside another, which may have begun its snapshot, and
    TimeIsOver after `seconds` for all of them together.
    """
    if not sql.outside_transaction():
        raise RuntimeError("check_books takes a snapshot of its own; call examine inside a transaction")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        until = time.monotonic() + seconds

        def limit() -> None:
            left = until - time.monotonic()
            if left <= 0:
                raise _over(seconds)
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{left * 1000 + 1:.0f}ms"])

        try:
            return examine(
                suspense_hours=suspense_hours, evidence_minutes=evidence_minutes, before=limit, done=done
            )
        except OperationalError as fault:
            if getattr(fault.__cause__, "sqlstate", None) != _CUT:
                raise
            raise _over(seconds) from fault


def examine(
    *,
    suspense_hours: float = SUSPENSE_HOURS,
    evidence_minutes: float = EVIDENCE_MINUTES,
    before: Callable[[], None] = lambda: None,
    done: Callable[[Result], None] | None = None,
) -> Books:
    """Run every check in the caller's transaction, on what that one sees; `before` is called before each. Reads."""
    now = clock.machine_now()
    limits = {
        "suspense_before": now - timedelta(hours=suspense_hours),
        "observed_before": now - timedelta(minutes=evidence_minutes),
        "now": now,
    }
    results = []
    for check in CHECKS:
        before()
        results.append(_run(check, limits))
        if done:
            done(results[-1])
    return Books(now, results)


def _over(seconds: float) -> TimeIsOver:
    return TimeIsOver(
        "time_is_over", f"the rules could not all be checked within {seconds:g} s", param="seconds"
    )


def _chart() -> dict[str, list[Any]]:
    """The chart of accounts as columns: a row per leg of each event."""
    legs = [(event.kind, event.settlement, *leg) for event in EVENTS for leg in event.legs]
    names = ("kinds", "settlements", "seqs", "debits", "credits", "amounts")
    return {
        name: [str(each) for each in column]
        for name, column in zip(names, zip(*legs, strict=True), strict=True)
    }


def _run(check: Check, limits: dict[str, datetime]) -> Result:
    params = {
        "account_kind": check.account_kind,
        "posted_before": limits["suspense_before" if check.violation else "now"],
        "observed_before": limits["observed_before"],
        "providers": registry.names(),
        **_chart(),
    }
    counted = f"SELECT count(*) OVER (), row_to_json(v)::text FROM ({check.statement}) v LIMIT {EXAMPLES}"  # noqa: S608 - a file of ours
    found = sql.rows(counted, params)
    count = int(found[0][0]) if found else 0
    return Result(check.name, check.sentence, check.violation, count, [json.loads(row[1]) for row in found])
