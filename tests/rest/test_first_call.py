"""The call that `make run` prints, sent as it stands, and sent again; and by the next run, with a key of its own."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from django.test import Client

from billing.models import Customer
from engine.core.actor import SYSTEM
from engine.rest import keys
from sandbox.run.after import addresses

_NAMES = ("OPERATOR_USER", "OPERATOR_PASSWORD", "FLOWER_USER", "FLOWER_PASSWORD", "SOLANA_RPC_URL")


def test_the_printed_call_makes_a_customer_once_and_its_second_run_is_a_replay(db: None) -> None:
    for run in (1, 2):
        call = _printed(keys.create("make run", ["admin:write"], by=SYSTEM).secret)
        first, again = _send(call), _send(call)
        assert (first.status_code, "Idempotent-Replayed" in first.headers) == (201, False)
        assert (again.status_code, again["Idempotent-Replayed"], again.json()) == (201, "true", first.json())
        assert Customer.objects.filter(name="Ada").count() == run


def _printed(secret: str) -> list[str]:
    """The words of the printed line, as a shell reads them."""
    context = cast(Any, SimpleNamespace(
        values=dict.fromkeys(_NAMES, "x"), ports={"WEB_PORT": 8001, "FLOWER_PORT": 8002},
        paths=SimpleNamespace(run_dir=Path("/run")),
    ))  # fmt: skip
    (line,) = [each for each in addresses(context, api_key=secret) if " curl " in each]
    return shlex.split(line.partition("curl ")[2])


def _send(words: list[str]) -> Any:
    after = {name: words[place + 1] for place, name in enumerate(words[:-1]) if name in ("-X", "-d")}
    headers = dict(words[place + 1].split(": ", 1) for place, name in enumerate(words) if name == "-H")
    (url,) = [word for word in words if word.startswith("http")]
    path = url.removeprefix("http://127.0.0.1:8001")
    kind = headers.pop("Content-Type")
    return Client().generic(after["-X"], path, after["-d"].encode(), content_type=kind, headers=headers)
