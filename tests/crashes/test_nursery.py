"""What starts the processes of a proof: a proof whose signals go nowhere would prove nothing."""

from __future__ import annotations

import subprocess
import sys

from sandbox.run.paths import CHECKOUT

SLOW_TO_LEAD = """
import os, signal, time
from sandbox.live import nursery

leads = os.setsid
os.setsid = lambda: (time.sleep(0.3), leads())
pid = nursery._fork(signal.pause, {}, os.devnull)
os.killpg(pid, signal.SIGKILL)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
"""


def test_a_process_that_has_a_name_can_be_signalled_at_once() -> None:
    command = [sys.executable, "-c", SLOW_TO_LEAD]
    said = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0, said.stderr
