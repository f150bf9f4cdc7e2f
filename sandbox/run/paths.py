"""Where a run keeps its files: RUN_DIR for data, logs and secrets; a short private folder for sockets."""

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.run.errors import RunError

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Paths:
    """The folders and files of one run. All absolute; `make()` creates the folders."""

    run_dir: Path

    @property
    def sockets(self) -> Path:
        """Short, because a socket's path may hold 107 characters and RUN_DIR may be deep."""
        digest = hashlib.sha256(os.fsencode(self.run_dir)).hexdigest()[:10]
        return Path("/tmp") / f"cb-{os.geteuid()}-{digest}"

    @property
    def logs(self) -> Path:
        return self.run_dir / "logs"

    @property
    def pids(self) -> Path:
        return self.run_dir / "pids"

    @property
    def env(self) -> Path:
        return self.run_dir / "env"

    @property
    def lock(self) -> Path:
        return self.run_dir / "lock"

    def make(self) -> None:
        """Create what is missing, closed to others. Raises RunError when a folder is not ours."""
        for folder in (self.run_dir, self.logs, self.pids):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise RunError(f"can't make {folder}: {error.strerror}; choose another RUN_DIR") from error
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise RunError(f"{folder} is not writable for this user; choose another RUN_DIR")
        private_folder(self.sockets)


def private_folder(folder: Path) -> None:
    """Make a folder in a place everybody can write to, or check that the one found is ours alone.

    Raises RunError when it is a link, another user's or open to others: a stranger's folder could
    put a server of his own behind our socket's name.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not ours or stat.S_IMODE(found.st_mode) & 0o077:
        raise RunError(f"{folder} is not a private folder of this user; remove it or choose another RUN_DIR")


def run_paths(run_dir: str | os.PathLike[str] | None = None) -> Paths:
    """The paths of `run_dir`, else of the RUN_DIR variable, else of `.run` in the checkout."""
    chosen = Path(run_dir or os.environ.get("RUN_DIR") or ".run")
    return Paths((CHECKOUT / chosen).resolve())
