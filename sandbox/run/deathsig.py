"""Children that end with their parent, even when the parent is killed with SIGKILL.

A child is started through this file as a script (`tied`), which asks the kernel for the signal and then
becomes the command. Not `preexec_fn`: that runs Python between fork and exec, which Python 3.12+ warns
about wherever threads run.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
KEEP_USER = -1


def tied(argv: Sequence[str], death_signal: signal.Signals, user: int | None = None) -> tuple[str, ...]:
    """The command line that runs `argv` (as uid and gid `user`) and gets `death_signal` when we end.

    The kernel means the parent's *thread*: start children from a thread that outlives them.
    """
    uid = KEEP_USER if user is None else user
    # -I and -S: no site-packages, 15 ms, and nothing of the child's environment changes this step.
    return (sys.executable, "-I", "-S", __file__, str(int(death_signal)), str(os.getpid()), str(uid), *argv)


def _on_parent_death(death_signal: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)


def follow_make() -> None:
    """When `make` is our parent, get SIGTERM as it dies: a killed make must not leave a run behind.

    A shell is not followed, so that `nohup python -m sandbox.run &` outlives its terminal.
    """
    try:
        with open(f"/proc/{os.getppid()}/comm", encoding="utf-8") as file:
            name = file.read().strip()
    except OSError:
        return
    if name in ("make", "gmake"):
        _on_parent_death(signal.SIGTERM)


def _become(death_signal: int, parent: int, user: int, argv: list[str]) -> None:
    if user != KEEP_USER:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    # After the change of user, which clears it.
    _on_parent_death(death_signal)
    if os.getppid() != parent:
        # The parent died before the call above: its signal will never come.
        sys.exit(1)
    os.execvp(argv[0], argv)  # noqa: S606


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
