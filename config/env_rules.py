"""Rules of the environment that stand apart from its list of variables (config/env.py)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from celery.schedules import ParseException, crontab
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from engine.core.money import EXPONENTS

# What the clusters' program says (MAX_PROCESSING_AGE): nobody configures it there.
_CLUSTER_BLOCKHASH_SLOTS = 150
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PUBLIC_KEY_BYTES = 32


def disagreements(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(variable, why) for what can't stand together. `values` as they came: text or typed."""

    live, debug = is_on(values, "livemode"), is_on(values, "debug")
    network = values.get("solana_network", "devnet")
    localnet, mainnet = network == "localnet", network == "mainnet-beta"
    slots = str(values.get("solana_blockhash_slots", _CLUSTER_BLOCKHASH_SLOTS)).strip()
    rules = (
        (live and debug, "debug", "can't be on with LIVEMODE"),
        (live and not mainnet, "solana_network", f"can't be {network} with LIVEMODE: it is mainnet-beta"),
        (mainnet and not live, "livemode", "must be on with SOLANA_NETWORK=mainnet-beta: its money is real"),
        (live and bool(values.get("sandbox_providers")), "sandbox_providers", "can't be used with LIVEMODE"),
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
        (
            _number(values, "verify_max_seconds", 900) < _number(values, "verify_first_seconds", 2),
            "verify_max_seconds",
            "can't be below VERIFY_FIRST_SECONDS",
        ),
    )
    return [(name, why) for broken, name, why in rules if broken]


def is_on(values: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    """Whether a switch is on, in `values` as they came: text or typed."""
    return str(values.get(name, default)).strip().lower() in ("1", "true", "yes", "on", "t", "y")


def check_database(value: str) -> str:
    """`value` if it names a server (a host, or a socket's folder as ?host=) and a database. ValueError if not."""
    url = _url(value, ("postgres", "postgresql"), "must start with postgresql://")
    if not (url.hostname or parse_qs(url.query).get("host")):
        raise ValueError("names no host: postgresql://user:password@host/name, or ?host=/folder of a socket")
    if not url.path.strip("/"):
        raise ValueError("names no database: postgresql://user:password@host/name")
    return value


def check_redis(value: str) -> str:
    """`value` if it names a host or, with redis+socket, a path. Raises ValueError if not."""
    schemes = ("redis", "rediss", "redis+socket")
    url = _url(value, schemes, "must start with redis://, rediss:// or redis+socket://")
    if url.scheme == "redis+socket" and not url.path.strip("/"):
        raise ValueError("names no socket: redis+socket:///path")
    if url.scheme != "redis+socket" and not url.hostname:
        raise ValueError("names no host: redis://host:6379/0")
    numbers = parse_qs(url.query).get("virtual_host", [])
    numbers += [] if url.scheme == "redis+socket" else [url.path.strip("/")]
    if not all(re.fullmatch(r"[0-9]*", number) for number in numbers):
        raise ValueError("names no database by its number: redis://host:6379/0")
    return value


def check_writable(value: str) -> str:
    """`value` if it is empty or a file that can be written to. Looks at the disk. Raises ValueError if not."""
    path = Path(value)
    if value and path.is_dir():
        raise ValueError("is a folder")
    if value and not path.exists() and not path.parent.is_dir():
        raise ValueError("is in a folder that does not exist")
    if value and not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError("can't be written to by this user")
    return value


def check_public_key(value: str) -> str:
    """`value` if it is empty or base58 of 32 bytes. Raises ValueError if not."""
    if value and len(_bytes_of(value)) != _PUBLIC_KEY_BYTES:
        raise ValueError("is no public key: base58 of 32 bytes")
    return value


def check_endpoints(value: str) -> str:
    """`value` if it is empty or http(s) URLs separated by commas. Raises ValueError if not."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    for number, part in enumerate(parts, 1):
        if not _url(part, ("http", "https"), f"part {number} is no http:// or https:// URL").hostname:
            raise ValueError(f"part {number} names no host")
    if value.strip() and not parts:
        raise ValueError("holds no URL")
    return value.strip()


def check_collectors(value: list[SecretStr]) -> list[SecretStr]:
    """`value` if each is `version:key` and no version comes twice. Raises ValueError, without any key's text."""
    versions = set()
    for number, each in enumerate(value, 1):
        version, _, key = each.get_secret_value().partition(":")
        if not re.fullmatch(r"[0-9]{1,9}", version):
            raise ValueError(f"key {number} is not `version:base58 of 64 bytes`")
        if int(version) in versions:
            raise ValueError(f"key {number} has the version of another")
        versions.add(int(version))
        if not _is_key_pair(key):
            raise ValueError(f"key {number} is no key pair: `version:base58 of 64 bytes`")
    return value


def check_key(value: SecretStr) -> SecretStr:
    """`value` if it is empty or a key pair. Raises ValueError, without the key's text."""
    if value.get_secret_value() and not _is_key_pair(value.get_secret_value()):
        raise ValueError("is no key pair: base58 of 64 bytes, the secret key and its public key")
    return value


def check_bearers(value: list[SecretStr]) -> list[SecretStr]:
    """`value` if each can be sent as a Bearer and guessed by nobody. Raises ValueError, without any key's text."""
    for number, each in enumerate(value, 1):
        if not re.fullmatch(r"[\x21-\x7e]{16,200}", each.get_secret_value()):
            raise ValueError(f"key {number} is not 16 to 200 visible ASCII characters")
    return value


def check_page(value: str) -> str:
    """`value` without a slash at its end if it is empty or an http(s) URL. Raises ValueError if not."""
    if value and not _url(value, ("http", "https"), "is no http:// or https:// URL").hostname:
        raise ValueError("names no host")
    return value.rstrip("/")


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
        match = re.fullmatch(r"([A-Z][A-Z0-9]{1,9})=(\w+):(\d)", part)
        if not match or len(_bytes_of(match[2])) != _PUBLIC_KEY_BYTES:
            raise ValueError(f"`{part}` is not CODE=mint:decimals, a mint of 32 bytes and at most 9 decimals")
        code, decimals = match[1], int(match[3])
        if code not in EXPONENTS:
            raise ValueError(f"`{part}`: the ledger knows no currency {code} (engine/core/money.py)")
        if decimals != EXPONENTS[code]:
            raise ValueError(f"`{part}`: {code} has {EXPONENTS[code]} decimals")
        if code in mints or match[2] in [mint for mint, _ in mints.values()]:
            raise ValueError(f"`{part}`: its code or its mint comes twice")
        mints[code] = (match[2], decimals)
    return mints


def read_limits(value: str) -> dict[str, int]:
    """`CODE=minor units`, separated by commas. Raises ValueError naming the part that is wrong."""
    limits: dict[str, int] = {}
    for part in filter(None, (p.strip() for p in value.split(","))):
        code, _, minor = part.partition("=")
        if code not in EXPONENTS or not (minor.isascii() and minor.isdecimal()) or code in limits:
            raise ValueError(f"`{part}` is not CODE=minor units, a currency of the ledger that comes once")
        limits[code] = int(minor)
    return limits


def read_providers(value: str) -> dict[str, str]:
    """`name=python.path`, separated by commas. Raises ValueError naming the part that is wrong."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    for part in parts:
        if not re.fullmatch(r"\w+=\w+(\.\w+)+", part):
            raise ValueError(f"`{part}` is not name=python.path")
    return dict(part.split("=", 1) for part in parts)


def _url(value: str, schemes: tuple[str, ...], otherwise: str) -> SplitResult:
    """`value` in parts. Raises ValueError that shows nothing of it: it may hold a password."""
    if not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ValueError(otherwise)
    try:
        url = urlsplit(value)
        _ = url.port  # read when asked for: the standard library's message would show the text
    except ValueError:
        raise ValueError("is no URL that can be read: check the brackets, the port, %-escapes") from None
    return url


def _is_key_pair(text: str) -> bool:
    """base58 of 64 bytes: a seed and the public key that follows from it."""
    pair = _bytes_of(text)
    if len(pair) != 64:
        return False
    return Ed25519PrivateKey.from_private_bytes(pair[:32]).public_key().public_bytes_raw() == pair[32:]


def _bytes_of(text: str) -> bytes:
    """What base58 `text` stands for; nothing where it is none."""
    number = 0
    for letter in text if len(text) <= 90 else "":
        if letter not in _BASE58:
            return b""
        number = number * 58 + _BASE58.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def _number(values: Mapping[str, Any], name: str, default: float) -> float:
    """A span as it came; what is no number is told by its own check."""
    try:
        return float(values.get(name, default))
    except (TypeError, ValueError):
        return default
