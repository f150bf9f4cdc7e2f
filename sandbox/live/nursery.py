"""Starts a house's processes by fork from one that has everything imported: 0.1 s instead of 2 s each.

Run as `python -m sandbox.live.nursery` by `workers.Nursery`, with the house's environment. Reads a
request a line on stdin, answers a line on stdout; the end of stdin ends it and all that it started.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from sandbox.live import crash, skew
from sandbox.run.deathsig import PR_SET_PDEATHSIG

CLAIM_BATCH = "LIVE_CLAIM_BATCH"
"""How many subscriptions a worker claims in one transaction: few, so that a proof has several batches."""
NUMBER_BATCH = "LIVE_NUMBER_BATCH"
"""The same for the invoices that it numbers."""
_BATCHES = {CLAIM_BATCH: ("billing.cycle", "claim"), NUMBER_BATCH: ("billing.numbering", "number_invoices")}
_living: set[int] = set()
_ended: dict[int, int] = {}


def main() -> None:
    """Load the product, then serve requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever prints must not break the protocol
    _load()
    print(json.dumps({"ready": os.getpid()}), file=answers, flush=True)
    # readline, not iteration, which would wait for a full buffer.
    while line := sys.stdin.readline():
        request = json.loads(line)
        answer = SERVES[request.pop("do")](**request)
        print(json.dumps(answer), file=answers, flush=True)
    for pid in _living:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _load() -> None:
    import django

    django.setup()
    from config.celery import app

    app.loader.import_default_modules()
    for name in ("celery.bin.celery", "celery.concurrency.prefork", "celery.concurrency.thread",
                 "kombu.transport.redis", "celery.worker.consumer.consumer", "billiard.pool",
                 "django_celery_beat.schedulers", "psycopg", "sandbox.live.errands"):  # fmt: skip
        importlib.import_module(name)
    from engine.providers import registry

    for name in registry.names():
        registry.get(name)
    crash.install(Path(os.environ["LIVE_FOLDER"]))


def _worker(argv: list[str], env: dict[str, str], log: str) -> dict[str, Any]:
    def run() -> None:
        from config.celery import app

        if seconds := float(env.get(skew.VARIABLE, 0)):
            skew.apply(seconds)
        for variable in _BATCHES.keys() & env.keys():
            module, name = _BATCHES[variable]
            verb = getattr(importlib.import_module(module), name)
            verb.__kwdefaults__["batch"] = int(env[variable])
        app.start(argv)

    return {"pid": _fork(run, env, log)}


def _errand(call: str, arguments: dict[str, Any], log: str) -> dict[str, Any]:
    """Run `module:function` in a child and wait; its result, or its traceback."""
    reading, writing = os.pipe()

    def run() -> None:
        module, _, name = call.partition(":")
        try:
            answer = {"result": getattr(importlib.import_module(module), name)(**arguments)}
        except BaseException:
            answer = {"error": traceback.format_exc()}
        with os.fdopen(writing, "w") as out:
            json.dump(answer, out, default=str)

    pid = _fork(run, {}, log)
    os.close(writing)
    with os.fdopen(reading) as source:
        text = source.read()
    os.waitpid(pid, 0)
    _living.discard(pid)
    return json.loads(text) if text else {"error": f"the errand {call} died; its log: {log}"}


def _reap() -> dict[str, Any]:
    """Everything that has ended so far, by pid, with the exit code (negative: the signal)."""
    for pid in list(_living):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            _living.discard(pid)
            _ended[pid] = os.waitstatus_to_exitcode(status)
    return {"ended": _ended}


def _fork(run: Callable[[], None], env: dict[str, str], log: str) -> int:
    """The child's pid, once it leads its session: a signal to its group, sent at once, must not miss it."""
    parent = os.getpid()
    leads, begun = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(leads)
        _become(run, env, log, parent, begun)
    os.close(begun)
    os.read(leads, 1)  # nothing is written: the child closes its end, or has died
    os.close(leads)
    _living.add(pid)
    return pid


def _become(run: Callable[[], None], env: dict[str, str], log: str, parent: int, begun: int) -> NoReturn:
    """A session of its own, tied to the nursery's life, with its own log; `begun` is closed; then `run`."""
    code = 1
    try:
        os.setsid()
        os.close(begun)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        os.environ.update(env)
        nothing = os.open(os.devnull, os.O_RDONLY)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for number, handle in ((0, nothing), (1, out), (2, out)):
            os.dup2(handle, number)
        run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


SERVES: dict[str, Callable[..., dict[str, Any]]] = {"worker": _worker, "errand": _errand, "ended": _reap}

if __name__ == "__main__":
    main()
