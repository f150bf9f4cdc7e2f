"""Logs: JSON lines on stdout and, with LOG_FILE, in a file (row 0.71)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SAY = """
import django
django.setup()
import structlog
structlog.get_logger("here").warning("payment parked", payment_id="1", reason="why")
"""


def test_the_log_file_holds_what_stdout_says(tmp_path: Path) -> None:
    file = tmp_path / "payment-scheduler.log"
    done = subprocess.run(
        [sys.executable, "-c", SAY],
        env={**os.environ, "LOG_FILE": str(file), "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = file.read_text().splitlines()
    assert line in done.stdout.splitlines()
    told = json.loads(line)
    assert (told["event"], told["reason"], told["level"]) == ("payment parked", "why", "warning")
