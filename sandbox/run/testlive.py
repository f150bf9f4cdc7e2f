"""`make test-live`: the conformance suite against the providers' own sandboxes, with your test keys.

docs/test-live.md says how. Never part of `make test`. Words after the command go to pytest.
"""

import os
import sys

from sandbox.run.check import step
from sandbox.run.deathsig import follow_make
from sandbox.run.embedded import embedded
from sandbox.run.errors import RunError
from sandbox.run.start import say

RUN_DIR = ".run-test-live"
SWITCH = "TEST_LIVE"


def main(words: list[str]) -> int:
    """On servers of its own; pytest's exit code. What was tried and what was skipped, with its reason, is printed."""
    with embedded(os.environ.get("TEST_RUN_DIR") or RUN_DIR, fresh=True, say=say) as servers:
        command = (sys.executable, "-m", "pytest", "tests/conformance/test_conformance.py", "-v", *words)
        return step("live", command, {**os.environ, **servers.values, SWITCH: "1"})


if __name__ == "__main__":
    follow_make()
    try:
        sys.exit(main(sys.argv[1:]))
    except RunError as error:
        say(f"✗ {error}")
        sys.exit(1)
