"""After the start: keep the demo's clock going, show the live table until Ctrl-C or until CYCLES are done."""

import os
import sys
import time
from collections.abc import Callable

import django
from rich.console import Console
from rich.live import Live

from sandbox.demo import asked
from sandbox.run.context import Context

LEASE_SECONDS = 3.0
PLAIN_EVERY = 5


def show(context: Context) -> int:
    """Print addresses, then the table; returns the exit code."""
    os.environ.update(context.values)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from sandbox.demo import api_key, cycles, late, load, view
    from sandbox.run.after import addresses

    for line in addresses(context, api_key=api_key.fresh()):
        context.supervisor.say(line)
    from engine.core import clock

    clock_id = load.demo_clock()
    started = clock.machine_now()
    context.each_second.append(lambda: clock.extend_lease(clock_id, seconds=LEASE_SECONDS))
    context.each_second.append(late.LateFunder())
    wanted = asked.wanted(os.environ)
    if not wanted:
        _watch(context, lambda: view.read(clock_id), lambda: False)
        return 0
    goal = cycles.Goal(clock_id, started, wanted)
    try:
        reached = _watch(context, lambda: view.read(clock_id), goal.over) and goal.reached()
    except KeyboardInterrupt:
        context.supervisor.say("✗ stopped before everybody had their periods")
        return 1
    context.each_second.clear()
    return goal.finish(context.supervisor.say, reached=reached)


def _watch(context: Context, read: Callable[[], object], reached: Callable[[], bool]) -> bool:
    """Show until it is reached (True) or time to stop (False)."""
    from sandbox.demo import table

    if not sys.stdout.isatty():
        shown = 0.0
        while not context.wait(1):
            if reached():
                return True
            if time.monotonic() - shown >= PLAIN_EVERY:
                context.supervisor.say(table.line(read()))  # type: ignore[arg-type]
                shown = time.monotonic()
        return False
    with Live(table.render(read()), console=Console(), auto_refresh=False) as live:  # type: ignore[arg-type]
        while not context.wait(1):
            if reached():
                return True
            live.update(table.render(read()), refresh=True)  # type: ignore[arg-type]
    return False
