"""Named boundaries below the pipeline's; payments/pipeline/points.py has the others and says what they are for."""

from __future__ import annotations

from typing import Final

WAKE_BEFORE_PUBLISH: Final = "wake.before_publish"
ROLL_UP_BEFORE_COMMIT: Final = "roll_up.before_commit"
ROLL_UP_COMMITTED: Final = "roll_up.committed"


def reach(point: str) -> None:
    """Nothing. The crash tests' workers put their own in its place (sandbox/live/crash.py), which may die here."""
