"""The named boundaries of the pipeline: every COMMIT and every arrow of the diagram in design section 3.

In production `reach` does nothing. The crash tests set CLEARBEAT_CRASH to end or stop the process at one.
"""

from __future__ import annotations

import os
import signal
from typing import Final

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

ALL: Final = tuple(
    value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str)
)

_point, _, _how = os.environ.get("CLEARBEAT_CRASH", "").partition("=")
_nth = int(os.environ.get("CLEARBEAT_CRASH_NTH", "1")) if _point else 0
_flag = os.environ.get("CLEARBEAT_CRASH_FLAG", "")
_seen = 0


def reach(point: str) -> None:
    """Pass a boundary. With CLEARBEAT_CRASH=<point>=<KILL|STOP> the n-th passing ends or stops the process.

    CLEARBEAT_CRASH_FLAG names a file that is made when it happens, so that it happens once over restarts.
    """
    if point == _point:
        _act()


def _act() -> None:
    global _seen
    _seen += 1
    if _seen < _nth:
        return
    if _flag:
        try:
            os.close(os.open(_flag, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
    os.kill(os.getpid(), {"KILL": signal.SIGKILL, "STOP": signal.SIGSTOP}[_how])
