"""After the start: keep the demo's clock going, show the live table until Ctrl-C or until CYCLES are done."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import django
from rich.console import Console
from rich.live import Live

from sandbox.demo import asked
from sandbox.run.context import Context

if TYPE_CHECKING:
    from sandbox.demo import cycles
    from sandbox.demo.view import View

LEASE_SECONDS = 3.0
PLAIN_EVERY = 5
STOPPED = 130
"""The exit code of a run that was to reach something and was stopped before, as a shell's for Ctrl-C."""


def show(context: Context) -> int:
    """Print addresses, then the table; returns the exit code."""
    os.environ.update(context.values)
    os.environ.setdefault("LOG_LEVEL", "ERROR")  # this terminal shows the table; the parts' logs are in files
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from engine.core import clock
    from sandbox.demo import api_key, cycles, late, load, rails, steady, view
    from sandbox.run.after import addresses

    for line in addresses(context, api_key=steady.insist(api_key.fresh)):
        context.supervisor.say(line)
    clock_id = steady.insist(load.demo_clock)
    started = steady.insist(clock.machine_now)
    funder = late.LateFunder()
    hooks = (lambda: clock.extend_lease(clock_id, seconds=LEASE_SECONDS), funder, rails.act)
    context.each_second.extend(steady.mending(hook) for hook in hooks)
    wanted = asked.wanted(os.environ)
    if not wanted:
        _watch(context, lambda: view.read(clock_id), lambda: False)
        return 0
    goal = cycles.Goal(clock_id, started, wanted, waited=funder.seen)
    try:
        return _cycle(context, goal, lambda: view.read(clock_id))
    except KeyboardInterrupt:
        context.supervisor.last_words.append(
            "✗ stopped before everybody had their periods and the books were checked"
        )
        return STOPPED


def _cycle(context: Context, goal: cycles.Goal, read: Callable[[], View]) -> int:
    """Until the goal is reached, then its verdict. Raises KeyboardInterrupt where it is stopped before."""
    _watch(context, read, goal.over)
    if context.stopping.is_set():
        raise KeyboardInterrupt
    context.drop_hooks()  # the clock stops for good: no lease is extended after it
    ended = goal.finish(context.supervisor.say)
    context.supervisor.last_words.append(ended.summary)
    return ended.code


def _watch(context: Context, read: Callable[[], View], over: Callable[[], bool]) -> None:
    """Show until it is over or time to stop."""
    from sandbox.demo import steady, table

    window = steady.Window(context.supervisor.say)
    seen = steady.insist(read)
    if not sys.stdout.isatty():
        shown = 0.0
        while not context.wait(1) and not window.look(over, False):
            if time.monotonic() - shown >= PLAIN_EVERY:
                seen = window.look(read, seen)
                context.supervisor.say(table.line(seen))
                shown = time.monotonic()
        return
    with Live(table.render(seen), console=Console(), auto_refresh=False) as live:
        while not context.wait(1) and not window.look(over, False):
            seen = window.look(read, seen)
            live.update(table.render(seen), refresh=True)
