"""The table that `make prove` prints: the product beside the senders that break a rule."""

from __future__ import annotations

from collections.abc import Sequence

from payments.pipeline import points
from sandbox.prove.storm import PARKED_FOR, PARKED_SHARE, STALE, STALE_SHARE, Result, Weather
from sandbox.run.version import git


def rows(results: Sequence[Result]) -> list[list[str]]:
    """A line per quantity, a column per sender."""
    faults = sorted({name for result in results for name in result.faults})
    table = [
        ["", *(result.sender for result in results)],
        ["payments", *(str(result.verdict.payments) for result in results)],
        ["paid on chain and in the books", *(str(result.verdict.succeeded) for result in results)],
        ["of these locked on chain (strict_once)", *(str(result.locked) for result in results)],
        ["sends marked", *(str(result.sends) for result in results)],
        ["sends that reached the node", *(str(result.calls) for result in results)],
        ["boundaries passed", *(str(result.passings) for result in results)],
        [
            "crashes (share of boundaries), then crashes / passings of each",
            *(_share(result) for result in results),
        ],
        *([f"  {point}", *(_of(result, point) for result in results)] for point in points.ALL),
        ["processes started again", *(str(result.restarts) for result in results)],
        ["faults of sends (share of those)", *(_faults(result) for result in results)],
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
    return "\n".join([*lines, *_why(results), _how(weather)])


def page(results: Sequence[Result], weather: Weather) -> str:
    """The same as a page of Markdown, with the commit; what `--write` writes."""
    head, *body = rows(results)
    cells = [[name.replace("  ", "&nbsp; "), *values] for name, *values in [head, *body]]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    lines.insert(1, "|---" * len(head) + "|")
    words = " ".join(
        f"--{name} {getattr(weather, name)}" for name in ("payments", "seed", "faults", "crashes")
    )
    parts = [
        "# `make prove`",
        f"Written by `python -m sandbox.prove {words} --write FILE` at commit {_commit()}. The careless senders get "
        "fewer payments: they need no thousands to be caught.",
        "\n".join(lines),
        *_why(results),
        f"{_how(weather)}.",
        "The verdict compares the localnet's truth log, the ledger and the invoices one to one. The seed fixes the "
        "faults; the crash dice also use process ids. The run fails where anything is double, missing or wrong, where "
        f"more than {PARKED_SHARE:.0%} are parked or for another reason than {', '.join(sorted(PARKED_FOR))}, and "
        "where faults or crashes fell short of what was asked by more than chance explains, at one boundary too, or "
        "where nobody paid under strict_once.",
    ]
    return "\n\n".join(parts) + "\n"


def _how(weather: Weather) -> str:
    return (
        f"seed {weather.seed}; asked for: faults on {weather.faults:.0%} of the sends that reach the node, "
        f"{STALE_SHARE:.0%} of status answers from a node {STALE['slots']} slots behind, crashes (SIGKILL) at "
        f"{weather.crashes:.0%} of boundaries; one wave of {weather.waves} with strict_once; "
        "real workers, PostgreSQL, Valkey, LiteSVM"
    )


def _why(results: Sequence[Result]) -> list[str]:
    return [
        f"{result.sender}: {count} parked, {reason}"
        for result in results
        for reason, count in result.verdict.reasons.items()
    ]


def _commit() -> str:
    return (git("describe", "--always", "--dirty", "--exclude", "*") or "unknown").strip()


def _share(result: Result) -> str:
    return f"{result.crashes.total()} ({result.crash_share:.1%})"


def _of(result: Result, point: str) -> str:
    """Crashes at a boundary, and how often it was passed."""
    return f"{result.crashes[point]} / {result.passed[point]}"


def _faults(result: Result) -> str:
    return f"{result.faults.total() - result.faults['stale']} ({result.fault_share:.1%})"
