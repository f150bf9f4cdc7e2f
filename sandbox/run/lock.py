"""One run per RUN_DIR: the kernel drops the lock when its holder dies, so it never goes stale."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.run.errors import RunError
from sandbox.run.paths import Paths


@contextmanager
def hold(paths: Paths) -> Iterator[None]:
    """Hold RUN_DIR for this process. Raises RunError naming the pid that holds it already."""
    handle = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            raise RunError(
                f"{paths.run_dir} is in use by process {holder}: stop that one or set another RUN_DIR"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
