"""A plan as people and scripts read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ops import console
from ops.console import Answer, Table
from ops.plan import Plan

SHOWN = 20


def answer(made: Plan, clocks: Sequence[int]) -> Answer:
    """The answer of a dry run. Pure."""
    tables = [_rails(made), _obligations(made), _postings(made), _events(made)]
    if made.scheduled:
        tables.append(_scheduled(made))
    if made.held:
        rows = [(h.subscription_id, h.period_no, h.code, h.reason) for h in made.held[:SHOWN]]
        tables.append(Table("Would be held", ("subscription", "period", "code", "reason"), rows))
    notes = ["A dry run: nothing was signed, sent or kept."]
    if made.skipped:
        notes.append(f"{made.skipped} subscriptions were left out: another process is billing them.")
    if not made.complete:
        notes.append("Not all: the limit was reached.")
    return Answer(_data(made, clocks), tables, notes)


def _data(made: Plan, clocks: Sequence[int]) -> dict[str, Any]:
    return {
        "dry_run": True,
        "clocks": list(clocks),
        "complete": made.complete,
        "skipped": made.skipped,
        "totals": [
            {"provider": provider, "currency": currency, "obligations": count, "amount_minor": minor}
            for (provider, currency), (count, minor) in sorted(_totals(made).items())
        ],
        "obligations": [each._asdict() for each in made.obligations],
        "held": [each._asdict() for each in made.held],
        "scheduled": [each._asdict() for each in made.scheduled],
        "postings": [
            {"kind": kind, "currency": currency, "transfers": count,
             "amount_minor": made.posted_minor[kind, currency]}
            for (kind, currency), count in sorted(made.postings.items())
        ],
        "events": dict(sorted(made.events.items())),
    }  # fmt: skip


def _totals(made: Plan) -> dict[tuple[str, str], tuple[int, int]]:
    """Obligations and what is asked for (without a rail: what is due) by rail and currency."""
    counts: Counter[tuple[str, str]] = Counter()
    minors: Counter[tuple[str, str]] = Counter()
    for each in made.obligations:
        key = each.provider, each.currency
        counts[key] += 1
        minors[key] += each.amount_minor if each.provider else each.due_minor
    return {key: (counts[key], minors[key]) for key in counts}


def _rails(made: Plan) -> Table:
    rows = [
        (provider or "(no payment)", currency, count, console.amount(minor, currency))
        for (provider, currency), (count, minor) in sorted(_totals(made).items())
    ]
    return Table("Would be billed", ("rail", "currency", "obligations", "amount"), rows)


def _obligations(made: Plan) -> Table:
    rows = [
        (each.subscription_id, each.period_no, console.amount(each.due_minor, each.currency),
         each.provider or each.reason_code or each.state)
        for each in made.obligations[:SHOWN]
    ]  # fmt: skip
    title = f"Obligations: {len(made.obligations)}, {len(rows)} shown (--json has all)"
    return Table(title, ("subscription", "period", "due", "rail, or why not"), rows)


def _postings(made: Plan) -> Table:
    rows = [
        (kind, count, console.amount(made.posted_minor[kind, currency], currency))
        for (kind, currency), count in sorted(made.postings.items())
    ]
    return Table("Postings", ("kind", "transfers", "amount"), rows)


def _events(made: Plan) -> Table:
    return Table("Events", ("type", "events"), sorted(made.events.items()))


def _scheduled(made: Plan) -> Table:
    rows = [
        (each.provider, each.operation, each.payments, console.amount(each.amount_minor, each.currency))
        for each in made.scheduled
    ]
    return Table("Scheduled before, due to be sent", ("rail", "operation", "payments", "amount"), rows)
