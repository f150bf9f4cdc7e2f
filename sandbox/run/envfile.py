"""RUN_DIR/env: the addresses and secrets of a run, so that a second terminal finds the same servers.

Lines of KEY=VALUE, mode 0600. config/env.py reads it when DATABASE_URL or REDIS_URL is unset.
"""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path


def read(file: Path) -> dict[str, str]:
    """The values in the file; empty when there is none."""
    if not file.exists():
        return {}
    pairs = (line.partition("=") for line in file.read_text(encoding="utf-8").splitlines() if "=" in line)
    return {key: value for key, _, value in pairs}


def write(file: Path, values: Mapping[str, str]) -> None:
    """Replace the file in one step, readable by its owner alone."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.writelines(f"{key}={value}\n" for key, value in values.items())
        out.flush()
        os.fsync(out.fileno())
    fresh.rename(file)


def lasting_secrets(kept: Mapping[str, str]) -> dict[str, str]:
    """Secrets made once per RUN_DIR and kept over restarts: encrypted rows must stay readable."""
    made = {"SECRET_KEY": secrets.token_urlsafe(50), "FIELD_KEYS": fernet_key()}
    return {key: kept.get(key) or value for key, value in made.items()}


def run_logins() -> dict[str, str]:
    """Logins made anew for each run."""
    password = secrets.token_urlsafe(12)
    flower = secrets.token_urlsafe(12)
    return {
        "OPERATOR_USER": "operator",
        "OPERATOR_PASSWORD": password,
        "FLOWER_USER": "operator",
        "FLOWER_PASSWORD": flower,
        "FLOWER_BASIC_AUTH": f"operator:{flower}",
        "INTERNAL_SCHEDULER_API_KEY": secrets.token_urlsafe(24),
    }


def fernet_key() -> str:
    """A key for cryptography.fernet."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
