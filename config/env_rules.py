"""Rules of the environment that stand apart from its list of variables (config/env.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from celery.schedules import ParseException, crontab

# What the clusters' program says (MAX_PROCESSING_AGE): nobody configures it there.
_CLUSTER_BLOCKHASH_SLOTS = 150


def disagreements(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(variable, why) for what can't stand together. `values` as they came: text or typed."""

    def on(name: str) -> bool:
        return str(values.get(name, "")).strip().lower() in ("1", "true", "yes", "on", "t", "y")

    localnet = values.get("solana_network") == "localnet"
    slots = str(values.get("solana_blockhash_slots", _CLUSTER_BLOCKHASH_SLOTS)).strip()
    rules = (
        (on("livemode") and on("debug"), "debug", "can't be on with LIVEMODE"),
        (on("livemode") and localnet, "solana_network", "can't be localnet with LIVEMODE"),
        (
            on("livemode") and bool(values.get("sandbox_providers")),
            "sandbox_providers",
            "can't be used with LIVEMODE",
        ),
        (
            localnet and not values.get("solana_rpc_url"),
            "solana_rpc_url",
            "is needed with SOLANA_NETWORK=localnet",
        ),
        (
            # Too few, and bytes that may still land would count as dead: the payment would be signed anew.
            not localnet and slots != str(_CLUSTER_BLOCKHASH_SLOTS),
            "solana_blockhash_slots",
            f"is {_CLUSTER_BLOCKHASH_SLOTS} on every cluster; another value needs SOLANA_NETWORK=localnet",
        ),
    )
    return [(name, why) for broken, name, why in rules if broken]


def check_cron(value: str) -> str:
    """`value` if it is a five-field cron that comes round. Raises ValueError naming the field's fault."""
    fields = value.split()
    if len(fields) != 5:
        raise ValueError("is no five-field cron such as `0 2 * * *`")
    try:
        minute, hour, day, month, weekday = fields
        crontab(minute=minute, hour=hour, day_of_month=day, month_of_year=month, day_of_week=weekday)
    except (ParseException, ValueError) as fault:
        raise ValueError(f"is no cron that ever comes round: {fault}") from None
    return value


def read_run_file(run_dir: str) -> dict[str, str]:
    """KEY=VALUE lines of RUN_DIR/env, or nothing where there is no such file. Reads a file."""
    path = Path(run_dir) / "env"
    if not path.is_file():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line and line[0] != "#")
    return {key.strip(): value for key, value in pairs}


def read_mints(value: str) -> dict[str, tuple[str, int]]:
    """The allow-list of tokens: code -> (mint, decimals). Raises ValueError naming the part that is wrong."""
    mints: dict[str, tuple[str, int]] = {}
    for part in filter(None, (p.strip() for p in value.split(","))):
        match = re.fullmatch(r"([A-Z][A-Z0-9]{1,9})=([1-9A-HJ-NP-Za-km-z]{32,44}):(\d)", part)
        if not match:
            raise ValueError(f"`{part}` is not CODE=mint:decimals with at most 9 decimals")
        mints[match[1]] = (match[2], int(match[3]))
    return mints
