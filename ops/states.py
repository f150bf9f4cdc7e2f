"""The legal moves of an operator's job. The database enforces them by a trigger made from this table."""

from __future__ import annotations

from engine.core.states import machine

JOB = machine(
    "job",
    "ops_job",
    {"waiting"},
    {
        "waiting": {"active", "failed"},
        # A job whose worker was killed stays active and is taken again after its lease.
        "active": {"completed", "failed"},
    },
)

OPEN_JOB = ("waiting", "active")
