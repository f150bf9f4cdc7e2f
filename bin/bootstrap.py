"""Makes .venv from the hashed locks, through the pinned uv wheel; does nothing while the locks are unchanged.

Run by the system's Python, so it uses the standard library alone. Usage: bootstrap.py run|dev
"""

import contextlib
import fcntl
import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {
    "run": ("requirements.txt",),
    "dev": ("requirements.txt", "requirements-dev.txt"),
}
# pip's name for a place to look, and uv's variable for the same: uv does not read pip's settings.
SAME_IN_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


def main(kind: str) -> int:
    """Bring .venv up to the locks of `kind`; returns the exit code."""
    missing = [name for name, module in (("venv", "venv"), ("pip", "ensurepip")) if find_spec(module) is None]
    if missing and not PYTHON.exists():
        names = " and ".join(missing)
        print(f"✗ missing: {names} for {sys.executable} (Debian, Ubuntu: apt install python3-venv)")
        return 1
    if not os.access(ROOT, os.W_OK):
        print(f"✗ {ROOT} is not writable for this user: .venv is made there; use a checkout of your own")
        return 1
    with one_at_a_time():
        # The fuller set covers the smaller one.
        if any(stamp(each).exists() for each in ("dev", kind)) and runs() and not other_python():
            return 0
        began = time.monotonic()
        if VENV.is_symlink():
            VENV.unlink()  # another checkout's: making ours there would empty it
        # What stood for other locks does so no more, also when this is cut short.
        for old in VENV.glob(".installed-*"):
            old.unlink()
        code = make_venv() or install(kind)
        if code == 0:
            stamp(kind).touch()
            print(f"✓ .venv      {(time.monotonic() - began) * 1000:>6.0f} ms", flush=True)
        return code


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two makes at once take turns, so that neither sees a half-made environment."""
    with (ROOT / ".venv.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def stamp(kind: str) -> Path:
    """The file that says these locks are installed, for this folder: scripts in a venv name their place."""
    digest = hashlib.sha256(os.fsencode(VENV))
    for name in LOCKS[kind]:
        digest.update((ROOT / name).read_bytes())
    return VENV / f".installed-{kind}-{digest.hexdigest()[:16]}"


def runs() -> bool:
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0


def other_python() -> bool:
    """Whether the user named a Python (PYTHON=...) and .venv was made by another one."""
    if os.environ.get("PYTHON_FROM", "file") == "file":
        return False
    config = VENV / "pyvenv.cfg"
    found = re.search(r"^home *= *(.*)$", config.read_text() if config.exists() else "", re.MULTILINE)
    ours = Path(sys.base_prefix, "bin").resolve()
    return found is not None and Path(found.group(1)).resolve() != ours


def make_venv() -> int:
    """A new environment unless the one found works and was made for this folder, by the Python that was named."""
    if runs() and home_of_scripts() == str(VENV) and not other_python():
        return 0
    print("making .venv", flush=True)
    return subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=False).returncode


def home_of_scripts() -> str:
    """The folder that the environment's scripts were made for; empty when unknown."""
    activate = VENV / "bin" / "activate"
    text = activate.read_text() if activate.exists() else ""
    found = re.search(r"^\s*(?:export )?VIRTUAL_ENV=(.*)$", text, re.MULTILINE)
    return found.group(1).strip("'\"") if found else ""


def install(kind: str) -> int:
    """Install the locks through uv; through pip where uv has no wheel or does not reach the index."""
    locks = [word for name in LOCKS[kind] for word in ("-r", str(ROOT / name))]
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    if not fault([*pip, "-r", ROOT / "requirements-uv.txt"]):
        uv = [PYTHON, "-m", "uv", "pip", "install", "--quiet", "--require-hashes", "--python", PYTHON]
        if not fault([*uv, *locks], env=uv_environment()):
            return 0
    print("! uv can't be used here, installing with pip (a minute)", flush=True)
    if said := fault([*pip, *locks]):
        print(f"✗ packages can't be installed; is a package index reachable? {said}", flush=True)
    return int(bool(said))


def fault(command: list[object], env: dict[str, str] | None = None) -> str:
    """Run it quietly; what it says last of its failure, on one line, empty if it did not fail."""
    words = [str(word) for word in command]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return next(reversed(lines), f"exit code {done.returncode}")


def uv_environment() -> dict[str, str]:
    """Ours, with pip's index carried over where the user told pip of one and uv of none."""
    if any(key.startswith("UV_") and "INDEX" in key for key in os.environ):
        return dict(os.environ)
    # As pip does. Safe here alone: the hashes say what may be installed, wherever it was found.
    carried = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    command: list[str | Path] = [PYTHON, "-m", "pip", "config", "list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False)
    # Lines such as global.index-url='...' and :env:.index-url='...', the latter first but the stronger.
    for line in reversed(listing.stdout.splitlines()):
        key, _, value = line.partition("=")
        if variable := SAME_IN_UV.get(key.rpartition(".")[2]):
            # uv takes blanks between indexes and hosts, commas between folders to look in.
            glue = "," if variable == "UV_FIND_LINKS" else " "
            carried[variable] = glue.join(value.strip("'\"").replace("\\n", " ").split())
    return {**carried, **os.environ}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
