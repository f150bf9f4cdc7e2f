"""The named boundaries of the pipeline, where the crash tests end or stop a process.

docs/architecture.md says what each leaves behind, and which commits have none.
"""

from __future__ import annotations

from typing import Final

from engine.core.points import ROLL_UP_BEFORE_COMMIT, ROLL_UP_COMMITTED, WAKE_BEFORE_PUBLISH

__all__ = ("ROLL_UP_BEFORE_COMMIT", "ROLL_UP_COMMITTED", "WAKE_BEFORE_PUBLISH")

CLAIM_BEFORE_COMMIT: Final = "claim.before_commit"
CLAIM_COMMITTED: Final = "claim.committed"
FINALIZE_BEFORE_COMMIT: Final = "finalize.before_commit"
FINALIZE_COMMITTED: Final = "finalize.committed"
CONTEXT_FETCHED: Final = "context.fetched"
TAKE_BEFORE_COMMIT: Final = "take.before_commit"
TAKE_COMMITTED: Final = "take.committed"
MARK_BEFORE_COMMIT: Final = "mark_sent.before_commit"
MARK_COMMITTED: Final = "mark_sent.committed"
SEND_BEFORE_CHECK: Final = "send.before_check"
SEND_BEFORE_FIRST_BYTE: Final = "send.before_first_byte"
SEND_ANSWERED: Final = "send.answered"
EVIDENCE_BEFORE_COMMIT: Final = "evidence.before_commit"
EVIDENCE_COMMITTED: Final = "evidence.committed"
APPLY_BEFORE_COMMIT: Final = "apply.before_commit"
APPLY_COMMITTED: Final = "apply.committed"
VERIFY_TAKEN: Final = "verify.taken"
VERIFY_LOOKED: Final = "verify.looked_up"
RESEND_BEFORE_COMMIT: Final = "resend.before_commit"
RESEND_COMMITTED: Final = "resend.committed"
HOLD_COMMITTED: Final = "hold.committed"
GIVE_BACK_COMMITTED: Final = "give_back.committed"
LOOK_LATER_COMMITTED: Final = "look_later.committed"
APPLY_ONE_BEFORE_COMMIT: Final = "apply_one.before_commit"
APPLY_ONE_COMMITTED: Final = "apply_one.committed"
SWEEP_MENDED: Final = "sweep.mended"
NUMBERS_BEFORE_COMMIT: Final = "numbers.before_commit"
NUMBERS_COMMITTED: Final = "numbers.committed"

ALL: Final = tuple(
    value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str)
)


def reach(point: str) -> None:
    """Nothing. The crash tests' workers put their own in its place (sandbox/live/crash.py), which may die here."""
