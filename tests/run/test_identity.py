"""Who PostgreSQL runs as: what is missing for it is one line."""

from __future__ import annotations

import pytest

from sandbox.run import identity
from sandbox.run.errors import RunError
from sandbox.run.paths import Paths


def test_a_machine_without_nobody_is_told_so(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise KeyError(f"getpwnam(): name not found: {name!r}")

    monkeypatch.setattr(identity.pwd, "getpwnam", unknown)
    with pytest.raises(RunError, match="missing: a user named nobody"):
        identity.as_nobody(Paths(tmp_path))
