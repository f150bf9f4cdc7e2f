"""``python -m sandbox.prove``: the long proof. Exits 1 on anything double, missing or wrong."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sandbox.live import servers
from sandbox.live.servers import Servers
from sandbox.prove import rail_table, rails, senders, storm, table
from sandbox.prove.rail_weather import RailWeather
from sandbox.prove.rails import RailResult
from sandbox.prove.storm import Result, Weather
from sandbox.rails.gateways import ALL
from sandbox.run.deathsig import follow_make

LONG, SHORT = 2000, 60
RAIL_LONG, RAIL_SHORT = 1000, 30
CHAIN = "chain"
NAIVE_SHARE, NAIVE_LEAST = 10, 100
"""The careless senders need no thousands to be caught: one payment in so many. With 40 one of them got away."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for, print the tables, write the page."""
    given = parse(argv)
    parts, code = [], 0
    with servers.shared() as on:
        if CHAIN in given.only:
            said, code = _chain(on, given)
            parts.append(said)
        if names := [name for name in ALL if name in given.only]:
            said, wrong = _rails(on, given, names)
            parts.append(said)
            code = code or wrong
    if given.write:
        given.write.write_text("\n\n".join(parts) + "\n")
    return code


def _chain(on: Servers, given: argparse.Namespace) -> tuple[str, int]:
    """The product and the careless senders on the localnet: a page, and the exit code."""
    weather = Weather(
        given.payments or (SHORT if given.short else LONG), given.seed, given.faults, given.crashes
    )
    results = [storm.run(on, weather)]
    if not given.product_only:
        few = replace(weather, payments=max(NAIVE_LEAST, weather.payments // NAIVE_SHARE))
        results += [storm.run(on, few, provider=sender) for sender in senders.CARELESS]
    print(table.text(results, weather), flush=True)
    return table.page(results, weather).rstrip(), judge(results, weather)


def _rails(on: Servers, given: argparse.Namespace, names: Sequence[str]) -> tuple[str, int]:
    """Each gateway in its own storm: a page, and the exit code."""
    payments = given.payments or (RAIL_SHORT if given.short else RAIL_LONG)
    weather = RailWeather(payments, given.share, given.seed)
    results: list[RailResult] = []
    for name in names:
        results.append(rails.run(on, name, weather))
        print(rail_table.text(results[-1:], weather), flush=True)
    print(rail_table.text(results, weather), flush=True)
    complaints = [complaint for each in results for complaint in each.complaints(weather)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return "\n\n".join(rail_table.page(results, weather)), int(bool(complaints))


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
    parser.add_argument(
        "--payments",
        type=int,
        default=None,
        help=f"default {LONG} on the chain, {RAIL_LONG} a gateway; {SHORT}, {RAIL_SHORT} with --short",
    )
    parser.add_argument("--seed", type=int, default=1, help="of faults and crashes")
    parser.add_argument("--faults", type=float, default=0.6, help="share of sends that go wrong")
    parser.add_argument(
        "--crashes", type=float, default=0.08, help="share of boundaries at which a worker dies"
    )
    parser.add_argument("--short", action="store_true", help="a minute instead of many")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the result as a page of Markdown")
    parser.add_argument("--product-only", action="store_true", help="without the careless senders")
    parser.add_argument(
        "--share", type=float, default=0.05, help="gateways: of calls that each kind of fault hits"
    )
    parser.add_argument(
        "--only", type=lambda text: text.split(","), default=[CHAIN, *ALL], help=f"of {CHAIN},{','.join(ALL)}"
    )
    given = parser.parse_args(argv)
    if unknown := set(given.only) - {CHAIN, *ALL}:
        parser.error(f"--only knows {CHAIN}, {', '.join(ALL)}, not {', '.join(sorted(unknown))}")
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
