"""`python -m sandbox.run`: what `make run` does once the environment stands."""

import os
import sys

from config.env import faults
from sandbox.demo import asked
from sandbox.demo.show import STOPPED, show
from sandbox.run.start import run

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        # A terminal without UTF-8 shows ? for the tick mark instead of ending the run.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    cycles = asked.wanted(os.environ)  # a wrong one ends here, not after the start
    sys.exit(run(show, stopped=STOPPED if cycles else 0, faults=faults))
