"""Scenes of toy parts for the supervisor. `python -m tests.run.toy <scene>`; RUN_DIR says where."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sandbox.run import probe
from sandbox.run.context import Context
from sandbox.run.parts import PARTS, Part
from sandbox.run.ports import HOST
from sandbox.run.start import run

CHILD = "{python} -m tests.run.child "


def _up(ports: dict[str, int]) -> probe.Probe:
    return probe.log_line("up")


def part(name: str, wave: int, words: str = "") -> Part:
    return Part(name, wave, f"{CHILD}{name} {{run_dir}}/order {words}", _up)


WEB = Part(
    "web",
    2,
    "{python} -m http.server {web_port} --bind " + HOST + " --directory {run_dir}/logs",
    lambda ports: probe.http_ok(ports["WEB_PORT"], "/"),
)

SCENES: dict[str, tuple[Part, ...]] = {
    "plain": (
        Part("setup", 1, "{python} -c pass", once=True),
        WEB,
        part("one", 2),
        part("two", 3),
    ),
    "stubborn": (part("deaf", 1, "deaf"),),
    "abandoned": (replace(part("deaf", 1, "deaf"), death_signal=signal.SIGKILL),),
    "failing": (part("fine", 1), Part("broken", 2, "{python} -m no_such_module", _up)),
    "slow": (
        part("fine", 1),
        Part("never", 2, "{python} -m tests.run.child never {run_dir}/order mute", _up),
    ),
    "ticking": (part("one", 1),),
    "given": (part("one", 1), replace(part("two", 1), given="ELSEWHERE")),
    # ours, not a toy: a worker with a process pool
    "worker": tuple(each for each in PARTS if each.name == "money-1"),
    "watching": (part("one", 1), part("deaf", 1, "deaf"), part("two", 2)),
}


def wait(context: Context) -> int:
    def tick() -> None:
        context.supervisor.say("tick")

    if sys.argv[1] == "ticking":
        context.each_second.append(_raise)
        context.each_second.append(tick)
    print(f"all up on {context.ports['WEB_PORT']}", flush=True)
    try:
        context.wait()
    finally:
        context.supervisor.last_words.append("the last word")
    return 7


def _raise() -> None:
    raise ValueError("a hook that fails")


def through() -> Callable[[Context], int]:
    """Waits for a signal, or for changes of code."""
    if sys.argv[1] == "watching":
        from sandbox.run import dev, supervisor  # dev's library is not there in `make run`'s environment

        supervisor.BACKOFF_SECONDS = (0.2, 600.0)  # who crashed twice comes back for a change of code alone
        folder = Path(os.environ["RUN_DIR"]) / "code"
        folder.mkdir()
        return lambda context: dev.reloading(context, wait, names=("one", "deaf"), folders=[folder])
    return wait


if __name__ == "__main__":
    sys.exit(run(through(), parts=SCENES[sys.argv[1]], stopped=int(os.environ.get("STOPPED", "0"))))
