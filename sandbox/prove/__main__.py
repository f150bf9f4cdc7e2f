"""``python -m sandbox.prove``: the long proof. Exits 1 on anything double, missing or wrong."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sandbox.live import servers
from sandbox.prove import senders, storm, table
from sandbox.prove.storm import Result, Weather
from sandbox.run.deathsig import follow_make

LONG, SHORT = 2000, 60
NAIVE_SHARE, NAIVE_LEAST = 10, 100
"""The careless senders need no thousands to be caught: one payment in so many. With 40 one of them got away."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the product and the careless senders, print the table."""
    given = parse(argv)
    weather = Weather(given.payments, given.seed, given.faults, given.crashes)
    with servers.shared() as on:
        results = [storm.run(on, weather)]
        few = replace(weather, payments=max(NAIVE_LEAST, weather.payments // NAIVE_SHARE))
        for sender in () if given.product_only else senders.CARELESS:
            results.append(storm.run(on, few, provider=sender))
    print(table.text(results, weather), flush=True)
    if given.write:
        given.write.write_text(table.page(results, weather))
    return judge(results, weather)


def judge(results: Sequence[Result], weather: Weather) -> int:
    """0 if the product holds and every careless sender was caught; else 1 with the sentences on stderr."""
    product, *careless = results
    complaints = product.complaints(weather)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if complaints:
        return 1
    missed = [each.sender for each in careless if each.verdict.holds]
    for sender in missed:
        print(f"{sender} was not caught: this proof proves nothing", file=sys.stderr)
    return 1 if missed else 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="sandbox.prove", description=__doc__)
    parser.add_argument("--payments", type=int, default=None, help=f"default {LONG}, {SHORT} with --short")
    parser.add_argument("--seed", type=int, default=1, help="of faults and crashes")
    parser.add_argument("--faults", type=float, default=0.6, help="share of sends that go wrong")
    parser.add_argument(
        "--crashes", type=float, default=0.08, help="share of boundaries at which a worker dies"
    )
    parser.add_argument("--short", action="store_true", help="a minute instead of many")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the result as a page of Markdown")
    parser.add_argument("--product-only", action="store_true", help="without the careless senders")
    given = parser.parse_args(argv)
    given.payments = given.payments or (SHORT if given.short else LONG)
    return given


def _terminate(number: int, frame: object) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    follow_make()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
