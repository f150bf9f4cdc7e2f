"""The table that `make prove` prints: the product beside the senders that break a rule."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.prove.storm import Result, Weather


def rows(results: Sequence[Result]) -> list[list[str]]:
    """A line per quantity, a column per sender."""
    faults = sorted({name for result in results for name in result.faults})
    table = [
        ["", *(result.sender for result in results)],
        ["payments", *(str(result.verdict.payments) for result in results)],
        ["paid on chain and in the books", *(str(result.verdict.succeeded) for result in results)],
        ["sends", *(str(result.sends) for result in results)],
        ["boundaries passed", *(str(result.passings) for result in results)],
        ["crashes (share of boundaries)", *(_share(result) for result in results)],
        ["processes started again", *(str(result.restarts) for result in results)],
        ["faults", *(str(sum(result.faults.values()) - result.faults["stale"]) for result in results)],
        *([f"  {name}", *(str(result.faults[name]) for result in results)] for name in faults),
        ["same bytes sent again", *(str(result.verdict.resent) for result in results)],
        ["signed anew", *(str(result.verdict.resigned) for result in results)],
        ["parked for a person", *(str(result.verdict.parked) for result in results)],
        ["unknown", *(str(result.verdict.unknown) for result in results)],
        ["double", *(str(len(result.verdict.double)) for result in results)],
        ["missing", *(str(len(result.verdict.missing)) for result in results)],
        ["wrong in the books", *(str(len(result.verdict.wrong)) for result in results)],
        ["seconds", *(f"{result.seconds:.0f}" for result in results)],
    ]
    return [row for row in table if row[0].strip() or row is table[0]]


def text(results: Sequence[Result], weather: Weather) -> str:
    """The table with how it was run."""
    table = rows(results)
    first = max(len(row[0]) for row in table)
    widths = [max(len(row[n]) for row in table) for n in range(1, len(results) + 1)]
    lines = [
        "  ".join([row[0].ljust(first), *(cell.rjust(w) for cell, w in zip(row[1:], widths, strict=True))])
        for row in table
    ]
    how = (
        f"seed {weather.seed}; faults on {weather.faults:.0%} of the sends that reach the node, "
        f"25% of status answers from a node 40 slots behind, crashes (SIGKILL) at "
        f"{weather.crashes:.0%} of boundaries; real workers, PostgreSQL, Valkey, LiteSVM"
    )
    why = [
        f"{result.sender}: {count} parked, {reason}"
        for result in results
        for reason, count in result.verdict.reasons.items()
    ]
    return "\n".join([*lines, *why, how])


def _share(result: Result) -> str:
    crashes = result.crashes.total()
    return f"{crashes} ({crashes / max(1, result.passings):.1%})"
