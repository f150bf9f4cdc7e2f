"""The dated version of the API: a change that would break a caller gets a new date, and the old one goes on."""

from __future__ import annotations

from engine.rest.errors import Fault

HEADER = "Clearbeat-Version"
VERSIONS = ("2026-11-21",)
NOW = VERSIONS[-1]


def check(asked: str | None) -> None:
    """Raises Fault (400) for a version that there is not; None is the newest."""
    if asked is not None and asked not in VERSIONS:
        raise Fault(400, "invalid_request", "version_unknown",
                    f"There is no such version; there are: {', '.join(VERSIONS)}.", param=HEADER)  # fmt: skip
