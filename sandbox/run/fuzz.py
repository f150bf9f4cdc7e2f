"""`make fuzz`: every operation of the API with generated requests, far more than `make test` sends.

`python -m sandbox.run.fuzz --examples 200 --only payments`; each run draws anew.
"""

import argparse
import os
import sys

from sandbox.run.check import step
from sandbox.run.deathsig import follow_make
from sandbox.run.embedded import embedded
from sandbox.run.errors import RunError
from sandbox.run.start import say

RUN_DIR = ".run-fuzz"


def main(argv: list[str] | None = None) -> int:
    """On servers of its own; pytest's exit code."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument(
        "--examples", type=int, default=60, help="calls of an operation with good data, and with bad data"
    )
    parser.add_argument(
        "--only", default="", help="a part of the names of operations, such as 'POST /api/plans'"
    )
    given = parser.parse_args(argv)
    with embedded(os.environ.get("TEST_RUN_DIR") or RUN_DIR, fresh=True, say=say) as servers:
        asked = {"FUZZ_EXAMPLES": str(given.examples), "FUZZ_ONLY": given.only}
        command = (sys.executable, "-m", "pytest", "tests/fuzz", "-q", "-rP", "--show-capture=stdout",
                   "-k", "document_names")  # fmt: skip
        return step("fuzz", command, {**os.environ, **servers.values, **asked})


if __name__ == "__main__":
    follow_make()
    try:
        sys.exit(main())
    except RunError as error:
        say(f"✗ {error}")
        sys.exit(1)
