"""What git says of this checkout, where there is a git."""

from __future__ import annotations

import subprocess

from sandbox.run.paths import CHECKOUT


def git(*words: str) -> str | None:
    """The output of a git command in the checkout; None without git, without a repository, or if it fails.

    Somebody else's checkout (root in a user's clone) is read like one's own.
    """
    command = ["git", "-c", "safe.directory=*", *words]
    try:
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
