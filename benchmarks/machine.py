"""Where and on what a run was made. No paths and no host names: results are published."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import psycopg
import redis

from sandbox.run.version import git

SHOWN = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_level", "shared_buffers",
         "max_wal_size", "checkpoint_timeout", "random_page_cost", "jit")  # fmt: skip
STORE = ("appendonly", "appendfsync", "maxmemory-policy")


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


def facts(database_url: str, redis_url: str) -> dict[str, str]:
    """Name and value of everything that a reader needs to judge a figure."""
    one, five, fifteen = os.getloadavg()
    with psycopg.connect(database_url) as connection:
        shown = {name: connection.execute(f"SHOW {name}".encode()).fetchone() for name in SHOWN}
    client = _valkey(redis_url)
    valkey = client.info("server")
    kept = {name: client.config_get(name).get(name, "?") for name in STORE}
    return {
        "cores": str(cores()),
        "CPU": _cpu(),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}",
        "load average before": f"{one:.2f} {five:.2f} {fifteen:.2f}",
        "Python": sys.version.split()[0],
        "PostgreSQL": ", ".join(f"{name}={value[0]}" for name, value in shown.items() if value),
        "Valkey": ", ".join(
            [str(valkey.get("valkey_version") or valkey["redis_version"])]
            + [f"{name}={value}" for name, value in kept.items()]
        ),
        "commit": _commit(),
    }


def _valkey(url: str) -> redis.Redis:
    if url.startswith("redis+socket://"):
        return redis.Redis(
            unix_socket_path=url.removeprefix("redis+socket://").partition("?")[0], decode_responses=True
        )
    return redis.Redis.from_url(url, decode_responses=True)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _commit() -> str:
    changed = git("status", "--porcelain", "--", ".", ":!benchmarks/results")
    return (git("rev-parse", "--short", "HEAD") or "unknown").strip() + (" with changes" if changed else "")
