"""docs/quickstart.md as a newcomer reads it: every `sh` block in one shell, in order."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sandbox.run.paths import CHECKOUT
from tests import curl

PAGE = CHECKOUT / "docs/quickstart.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read_along(environ: Mapping[str, str]) -> str:
    """Run the page's blocks with `CB`, `KEY` and `RUN_DIR` set; what they printed. Fails with a line that fails."""
    script = "set -euo pipefail\n" + "\n".join(BLOCK.findall(PAGE.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        told = {**os.environ, "PATH": curl.path(Path(folder)), **environ}
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=CHECKOUT,
            env=told,
            text=True,
            capture_output=True,
            timeout=240,
            check=False,
        )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
