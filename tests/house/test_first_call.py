"""What `make run` prints last is enough for a first call."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sandbox.run.after import addresses


def test_the_first_call_can_be_copied_and_what_comes_next_is_said() -> None:
    names = ("OPERATOR_USER", "OPERATOR_PASSWORD", "FLOWER_USER", "FLOWER_PASSWORD", "SOLANA_RPC_URL")
    context = cast(Any, SimpleNamespace(
        values=dict.fromkeys(names, "x"), ports={"WEB_PORT": 8001, "FLOWER_PORT": 8002},
        paths=SimpleNamespace(run_dir=Path("/run")),
    ))  # fmt: skip
    said = "\n".join(addresses(context, api_key="cb_secret"))
    assert (
        "curl -i -X POST 'http://127.0.0.1:8001/api/customers' -H 'Authorization: Bearer cb_secret'" in said
    )
    assert "  next     " in said
    assert "curl" not in "\n".join(addresses(context)), "without a key there is no call to copy"
