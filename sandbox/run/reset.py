"""`make reset`: end what a run left behind and remove its data, logs and secrets."""

import shutil
import sys

from sandbox.run import leftovers, lock
from sandbox.run.errors import RunError
from sandbox.run.identity import nobodys_folder
from sandbox.run.paths import Paths, run_paths

OURS = ("postgres", "postgres.new", "valkey", "localnet", "demo", "logs", "pids", "env", "env.new", "lock")


def reset(paths: Paths) -> None:
    """Remove what a run made and nothing else. Raises RunError while a run holds the folder."""
    if not paths.run_dir.exists():
        return
    paths.make()
    with lock.hold(paths):
        leftovers.end(paths)
        for name in OURS:
            item = paths.run_dir / name
            if item.is_dir():
                shutil.rmtree(item)
            else:
                item.unlink(missing_ok=True)
        for folder in (paths.sockets, nobodys_folder(paths)):
            shutil.rmtree(folder, ignore_errors=True)
    # RUN_DIR may be a folder of the user's with other things in it.
    if not any(paths.run_dir.iterdir()):
        paths.run_dir.rmdir()


if __name__ == "__main__":
    try:
        reset(run_paths())
    except RunError as error:
        print(f"✗ {error}")
        sys.exit(1)
