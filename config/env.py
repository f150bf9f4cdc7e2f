"""The whole environment, checked: the variables of config/env_fields.py and gateways.py, and the rules they keep.

A wrong environment stops the boot with *all* faults listed at once, each with the variable's name.
Unset DATABASE_URL / REDIS_URL are read from RUN_DIR/env, which `make run` writes, so that a second
terminal's `manage.py` finds the same servers (design section 7).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.fernet import Fernet
from pydantic import (
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_settings import SettingsConfigDict

from config import gateways
from config.env_fields import Edge, Inbox, Sandbox, Scheduler, Servers, Solana, Spans
from config.env_rules import (
    check_bearers,
    check_collectors,
    check_cron,
    check_database,
    check_endpoints,
    check_key,
    check_page,
    check_public_key,
    check_redis,
    check_writable,
    disagreements,
    read_limits,
    read_mints,
    read_providers,
    read_run_file,
)
from config.gateways import Gateways

_CHECKOUT = Path(__file__).resolve().parents[1]
PUBLIC_RPC = {
    "devnet": "https://api.devnet.solana.com",
    "testnet": "https://api.testnet.solana.com",
    "mainnet-beta": "https://api.mainnet-beta.solana.com",
}


class Env(Sandbox, Gateways, Solana, Inbox, Edge, Spans, Scheduler, Servers):
    """All settings that come from the environment; the variables themselves stand in env_fields.py and gateways.py.

    Names are the variables' names, lower-cased. Bases stand last first, as fields are gathered from the end.
    """

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=False)

    @field_validator(
        "field_keys", "solana_collector_keys", "allowed_hosts", "internal_scheduler_api_key", mode="before"
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("solana_mints", mode="before")
    @classmethod
    def _mints(cls, value: Any) -> Any:
        return read_mints(value) if isinstance(value, str) else value

    @field_validator("two_approvers_above", mode="before")
    @classmethod
    def _limits(cls, value: Any) -> Any:
        return read_limits(value) if isinstance(value, str) else value

    @field_validator("sandbox_providers", mode="before")
    @classmethod
    def _providers(cls, value: Any) -> Any:
        return read_providers(value) if isinstance(value, str) else value

    @field_validator("field_keys")
    @classmethod
    def _fernet(cls, value: list[SecretStr]) -> list[SecretStr]:
        if not value:
            raise ValueError("needs at least one Fernet key")
        for number, key in enumerate(value, 1):
            try:
                Fernet(key.get_secret_value())
            except ValueError as fault:
                raise ValueError(f"key {number} is not 32 url-safe base64 bytes") from fault
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 32:
            raise ValueError("needs at least 32 characters")
        return value

    @field_validator("payment_processing_interval")
    @classmethod
    def _interval(cls, value: str) -> str:
        value = value.strip()
        if re.fullmatch(r"[1-9]\d{0,3}", value):
            return value
        if re.fullmatch(r"\S+( \S+){4}", value):
            return check_cron(value)
        raise ValueError("is neither whole minutes (`5`) nor a five-field cron (`*/5 * * * *`)")

    @field_validator("maintenance_time")
    @classmethod
    def _cron(cls, value: str) -> str:
        return check_cron(value.strip())

    _internal = field_validator("internal_scheduler_api_key")(check_bearers)
    _flower = field_validator("flower_url")(check_page)
    _database = field_validator("database_url")(check_database)
    _redis = field_validator("redis_url")(check_redis)
    _endpoints = field_validator("solana_rpc_url")(check_endpoints)
    _collectors = field_validator("solana_collector_keys")(check_collectors)
    _fee_payer = field_validator("solana_fee_payer_key")(check_key)
    _fee_wallet = field_validator("solana_fee_wallet")(check_public_key)
    _log_file = field_validator("log_file")(check_writable)

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, data: Any, make: ModelWrapValidatorHandler[Env]) -> Env:
        """What is wrong by itself and what is wrong together, in one error."""
        faults: list[InitErrorDetails] = []
        made = None
        try:
            made = make(data)
        except ValidationError as wrong:
            faults = [_detail(dict(error)) for error in wrong.errors()]
        for name, sentence in (*disagreements(data), *gateways.disagreements(data)):
            faults.append(
                {
                    "type": PydanticCustomError("together", "{why}", {"why": sentence}),
                    "loc": (name,),
                    "input": None,
                }
            )
        if made is None or faults:
            raise ValidationError.from_exception_data(cls.__name__, faults)
        return made

    @property
    def rpc_endpoints(self) -> list[str]:
        """The JSON-RPC endpoints, first choice first; the public one of the network by default (row 0.40)."""
        url = self.solana_rpc_url or PUBLIC_RPC[self.solana_network]
        return [part.strip() for part in url.split(",") if part.strip()]

    @property
    def proxy_ssl_header(self) -> tuple[str, str] | None:
        """Django's SECURE_PROXY_SSL_HEADER; None where no proxy is believed."""
        name = self.proxy_proto_header
        return (f"HTTP_{name.upper().replace('-', '_')}", "https") if name else None

    @property
    def beat_seconds(self) -> float:
        """The gap between two cycles of billing; of a cron that is not every few minutes, an hour or a day."""
        if self.payment_processing_seconds:
            return self.payment_processing_seconds
        minutes = re.fullmatch(r"(\d+)|\*/(\d+) \* \* \* \*", self.payment_processing_interval)
        if minutes:
            return 60.0 * int(minutes[1] or minutes[2])
        return 3600.0 if self.payment_processing_interval.split()[1] == "*" else 86_400.0

    def database(
        self, *, unhurried: bool = False, pooled: int = 0, wait_seconds: float = 2
    ) -> dict[str, Any]:
        """Django's DATABASES entry. Session limits keep a stopped process from holding locks (design 5).

        `unhurried`: for migrations, whose single statements may take longer than a minute. `pooled`: so many
        connections at most, shared by the threads of this process; one that gets none within `wait_seconds` is told
        that the server is away.
        """
        url = urlsplit(self.database_url)
        query = dict(parse_qsl(url.query))
        limits = "-c idle_in_transaction_session_timeout=30s -c lock_timeout=5s "
        limits += f"-c statement_timeout={'0' if unhurried else '60s'}"
        options: dict[str, Any] = {"options": limits + " -c TimeZone=UTC", "connect_timeout": 5, **query}
        if pooled:
            # Each try to reconnect waits twice as long as the one before: they begin anew after 5 s, so that a server
            # that is back is found at once, however long it was away.
            waits = {"timeout": wait_seconds, "reconnect_timeout": 5}
            options["pool"] = {"min_size": 1, "max_size": pooled, **waits}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": options.pop("host", None) or url.hostname or "",
            "PORT": options.pop("port", None) or (str(url.port) if url.port else ""),
            "CONN_MAX_AGE": 0,
            # After a restart of the server the pool's connections are dead.
            "CONN_HEALTH_CHECKS": bool(pooled),
            "OPTIONS": options,
        }


def _detail(error: dict[str, Any]) -> InitErrorDetails:
    return {"type": error["type"], "loc": error["loc"], "input": error["input"], "ctx": error.get("ctx", {})}


def load() -> Env:
    """The checked environment. Raises SystemExit with every fault on its own line."""
    values: dict[str, Any] = {}
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        # From the checkout, as `make run` takes it, whatever folder we are called in.
        found = read_run_file(str(_CHECKOUT / (os.environ.get("RUN_DIR") or ".run")))
        values = {k: v for k, v in found.items() if not os.environ.get(k)}
    try:
        return _read(values)
    except ValidationError as fault:
        lines = "\n".join(f"  - {line}" for line in _sentences(fault))
        raise SystemExit(f"The environment is wrong:\n{lines}") from None


def faults(values: Mapping[str, str]) -> list[str]:
    """What is wrong with the environment and `values` over it, a sentence each; empty if all is well."""
    try:
        _read(values)
    except ValidationError as fault:
        return _sentences(fault)
    return []


def _read(values: Mapping[str, Any]) -> Env:
    return Env(**{name.lower(): value for name, value in values.items()})


def _sentences(fault: ValidationError) -> list[str]:
    return [_sentence(dict(error)) for error in fault.errors()]


def _sentence(error: dict[str, Any]) -> str:
    name = str(error["loc"][0]).upper() if error["loc"] else ""
    if error["type"] == "missing":
        return f"{name} is not set: {Env.model_fields[name.lower()].description}"
    return f"{name} {error['msg'].removeprefix('Value error, ')}".strip()
