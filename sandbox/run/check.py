"""`make test`: linters, import contracts, types, then all tests on embedded servers. First failure ends it.

Words after the command go to pytest: `python -m sandbox.run.check -k charge`.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sandbox.run.deathsig import follow_make, tied
from sandbox.run.embedded import embedded
from sandbox.run.errors import RunError, StartFailed
from sandbox.run.paths import CHECKOUT
from sandbox.run.start import say

RUN_DIR = ".run-test"
PY = sys.executable
CHECKS = {
    "ruff": (PY, "-m", "ruff", "check", "."),
    "format": (PY, "-m", "ruff", "format", "--check", "."),
    "imports": (str(Path(PY).parent / "lint-imports"),),
}
# No test takes the machine's power away: a server that is killed keeps what it gave to the system. Nobody copies it.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}
# mypy's Django plugin boots the settings, which want an environment.
TYPES = (PY, "-m", "mypy")
# Eight on two cores: the live tests wait for their workers more than they compute. Who is done takes over others'.
TESTS = (PY, "-m", "pytest", "-n", "8", "--dist", "worksteal")
# pytest compiles each file of the tests with its assertions rewritten. Eight processes on a fresh checkout would all
# do that at the same time: one does it for them, beside mypy, which has one thread. It says nothing, the tests will.
COMPILE = (PY, "-m", "pytest", "--collect-only", "-q")


@contextmanager
def compiled(environ: Mapping[str, str]) -> Iterator[None]:
    """Meanwhile the tests' files are compiled, unless they are; the end waits for it, a fault ends it."""
    if any((CHECKOUT / "tests").rglob("*-pytest-*.pyc")):
        yield
        return
    command = tied(COMPILE, signal.SIGTERM)
    process = subprocess.Popen(
        command, cwd=CHECKOUT, env=dict(environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
        process.wait()
    finally:
        process.terminate()
        process.wait()


def step(name: str, argv: tuple[str, ...], environ: Mapping[str, str]) -> int:
    """Run one check with its output on our terminal; say its seconds; return its exit code."""
    say(f"── {name}")
    began = time.monotonic()
    command = tied(argv, signal.SIGTERM)
    code = subprocess.run(command, cwd=CHECKOUT, env=dict(environ), check=False).returncode
    mark = "✓" if code == 0 else "✗"
    say(f"{mark} {name:<10} {time.monotonic() - began:>6.1f} s")
    return code


def main(words: list[str]) -> int:
    """All checks in order; returns the first failing exit code, else 0."""
    for name, argv in CHECKS.items():
        if code := step(name, argv, os.environ):
            return code
    run_dir = os.environ.get("TEST_RUN_DIR") or RUN_DIR
    with embedded(run_dir, fresh=True, settings=SETTINGS, say=say) as servers:
        environ = {**os.environ, **servers.values}
        # An image that keeps Python from storing what it compiled would have each process compile all of it again.
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        with compiled(environ):
            if code := step("types", TYPES, environ):
                return code
        return step("tests", (*TESTS, *words), environ)


def _terminate(number: int, frame: object) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    follow_make()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        sys.exit(main(sys.argv[1:]))
    except RunError as error:
        say(f"✗ {error}")
        for line in error.tail if isinstance(error, StartFailed) else ():
            say(f"  {line}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
