"""The whole environment in one typed place: every variable, its meaning, its default, its check.

A wrong environment stops the boot with *all* faults listed at once, each with the variable's name.
Unset DATABASE_URL / REDIS_URL are read from RUN_DIR/env, which `make run` writes, so that a second
terminal's `manage.py` finds the same servers (design section 7).
"""

from __future__ import annotations

import os
import re
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.fernet import Fernet
from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from config.env_rules import (
    check_collectors,
    check_cron,
    check_database,
    check_endpoints,
    check_key,
    check_redis,
    disagreements,
    read_mints,
    read_providers,
    read_run_file,
)

PUBLIC_RPC = {
    "devnet": "https://api.devnet.solana.com",
    "testnet": "https://api.testnet.solana.com",
    "mainnet-beta": "https://api.mainnet-beta.solana.com",
}
_BASE58 = re.compile(r"^[1-9A-HJ-NP-Za-km-z]{32,44}$")


class Env(BaseSettings):
    """All settings that come from the environment. Names are the variables' names, lower-cased."""

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=False)

    # --- servers ---------------------------------------------------------------------------------
    # repr=False: a URL may hold a password or a key.
    database_url: str = Field(repr=False, description="PostgreSQL 15+, postgresql://user:password@host/name")
    redis_url: str = Field(repr=False, description="Redis 7+ or Valkey, redis://... or redis+socket:///path")
    secret_key: SecretStr = Field(description="Django's signing key, at least 32 characters")
    field_keys: Annotated[list[SecretStr], NoDecode] = Field(
        description="Fernet keys for columns at rest, newest first, separated by commas"
    )
    debug: bool = Field(default=False, description="Django's debug pages; never on in production")
    livemode: bool = Field(default=False, description="Real money. Simulators and the localnet are refused.")
    allowed_hosts: Annotated[list[str], NoDecode] = Field(default=["127.0.0.1", "localhost", "[::1]"])
    log_file: str = Field(default="", description="Also write the log here; stdout always has it (row 0.71)")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    soft_shutdown_seconds: float = Field(
        default=30, ge=0, description="A worker may end what it does for so long after SIGTERM"
    )

    # --- scheduler (rows 0.34 to 0.48) -----------------------------------------------------------
    payment_scheduler_enabled: bool = Field(default=True, description="Off: beat finds nothing due")
    payment_processing_interval: str = Field(
        default="5", description="Minutes (`5`) or a five-field cron (`*/5 * * * *`); D1"
    )
    payment_processing_seconds: float = Field(
        default=0, ge=0, le=3600, description="Demo and tests: the interval in seconds; 0 = use the minutes"
    )
    payment_batch_size: int = Field(default=50, ge=1, le=500, description="Rows sent in one batch of a lane")
    payment_retry_attempts: int = Field(default=3, ge=1, le=10, description="Short attempts in all")
    payment_retry_delay: int = Field(default=2000, ge=1, le=600_000, description="ms; base x 2^(n-1)")
    webhook_timeout: int = Field(default=5000, ge=100, le=60_000, description="ms for one delivery")
    webhook_retry_attempts: int = Field(default=3, ge=1, le=10, description="Quick tries of a delivery")
    internal_scheduler_api_key: SecretStr = Field(default=SecretStr(""), description="Bearer of row 0.45")
    grace_period: int = Field(
        default=3600,
        ge=0,
        le=30 * 86_400,
        description="Seconds after the due date in which funds are awaited",
    )
    max_processing_time: int = Field(
        default=300_000,
        ge=1000,
        le=3_600_000,
        description="ms of one cycle; at most 200 s of it are used, a task is killed at 240 s",
    )
    maintenance_time: str = Field(default="0 2 * * *", description="Cron of the daily maintenance, UTC")
    catch_up_limit: int = Field(
        default=3, ge=1, le=1000, description="Missed periods billed in a row before an operator is asked"
    )

    sandbox_providers: Annotated[dict[str, str], NoDecode] = Field(
        default={}, description="Tests only: further providers, `name=python.path`; refused with LIVEMODE"
    )

    # --- engine's time spans (design section 3; tests use tenths of seconds) ---------------------
    take_seconds: float = Field(default=60, gt=0, description="A taken row is offered again after this")
    send_window_seconds: float = Field(default=20, gt=0, description="Signed to first byte, at most")
    send_deadline_seconds: float = Field(default=10, gt=0, description="Total time of one request")
    verify_first_seconds: float = Field(default=2, gt=0, description="First look after a send")
    verify_max_seconds: float = Field(default=900, gt=0, description="Longest gap between looks")
    park_unknown_seconds: float = Field(
        default=86_400, gt=0, description="An outcome unknown for so long is parked for a person"
    )
    watch_seconds: float = Field(default=30, gt=0, description="Gap between looks for funds in the grace")
    watch_ahead_seconds: int = Field(
        default=86_400,
        ge=0,
        description="Methods are checked so long before the due date, and the payer warned",
    )
    watch_ahead_every_seconds: float = Field(default=3600, gt=0, description="How often that is done")
    lane_seconds: float = Field(default=60, gt=0, description="A lane's driver ends itself after this")
    lane_threads: int = Field(
        default=50,
        ge=1,
        le=256,
        description="Requests in flight per lane and worker; at most so many rows are marked at once",
    )
    tick_seconds: float = Field(default=2, gt=0, le=60)
    sweep_seconds: float = Field(default=60, gt=0, le=3600)
    result_days: int = Field(default=7, ge=1, description="Days that result rows of batch tasks are kept")

    # --- Solana (rows 0.39 to 0.41, design section 6) ---------------------------------------------
    solana_network: Literal["devnet", "testnet", "mainnet-beta", "localnet"] = "devnet"
    solana_rpc_url: str = Field(
        default="", repr=False, description="One or more endpoints, separated by commas"
    )
    solana_commitment: Literal["confirmed", "finalized"] = "confirmed"
    solana_collector_keys: Annotated[list[SecretStr], NoDecode] = Field(
        default=[], description="Delegates, `version:base58 of 64 bytes`, newest first, separated by commas"
    )
    solana_fee_payer_key: SecretStr = Field(default=SecretStr(""), description="base58 of 64 bytes")
    solana_mints: Annotated[dict[str, tuple[str, int]], NoDecode] = Field(
        default={"SOL": ("So11111111111111111111111111111111111111112", 9)},
        description="Allow-list, `CODE=mint:decimals`, separated by commas; SOL is wrapped SOL",
    )
    solana_fee_wallet: str = Field(default="", description="Owner of the accounts that take platform fees")
    solana_priority_fee: int = Field(default=1000, ge=0, description="micro-lamports per compute unit")
    solana_priority_fee_cap: int = Field(default=100_000, ge=0, description="lamports a transaction, at most")
    solana_compute_limit: int = Field(default=60_000, ge=1000, le=1_400_000)
    solana_fee_payer_min: int = Field(
        default=10_000_000, ge=0, description="lamports; below it nothing is sent"
    )
    solana_blockhash_slots: int = Field(
        default=150, ge=10, le=300, description="How long a blockhash lives; other than 150 on localnet alone"
    )

    @field_validator("field_keys", "solana_collector_keys", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("solana_mints", mode="before")
    @classmethod
    def _mints(cls, value: Any) -> Any:
        return read_mints(value) if isinstance(value, str) else value

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

    _database = field_validator("database_url")(check_database)
    _redis = field_validator("redis_url")(check_redis)
    _endpoints = field_validator("solana_rpc_url")(check_endpoints)
    _collectors = field_validator("solana_collector_keys")(check_collectors)
    _fee_payer = field_validator("solana_fee_payer_key")(check_key)

    @field_validator("solana_fee_wallet")
    @classmethod
    def _wallet(cls, value: str) -> str:
        if value and not _BASE58.match(value):
            raise ValueError("is not a base58 public key")
        return value

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
        for name, sentence in disagreements(data):
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

    def database(self, *, unhurried: bool = False) -> dict[str, Any]:
        """Django's DATABASES entry. Session limits keep a stopped process from holding locks (design 5).

        `unhurried`: for migrations, whose single statements may take longer than a minute.
        """
        url = urlsplit(self.database_url)
        query = dict(parse_qsl(url.query))
        limits = "-c idle_in_transaction_session_timeout=30s -c lock_timeout=5s "
        limits += f"-c statement_timeout={'0' if unhurried else '60s'}"
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": query.pop("host", None) or url.hostname or "",
            "PORT": query.pop("port", None) or (str(url.port) if url.port else ""),
            "CONN_MAX_AGE": 0,
            "OPTIONS": {"options": limits + " -c TimeZone=UTC", "connect_timeout": 5, **query},
        }


def _detail(error: dict[str, Any]) -> InitErrorDetails:
    return {"type": error["type"], "loc": error["loc"], "input": error["input"], "ctx": error.get("ctx", {})}


def load() -> Env:
    """The checked environment. Raises SystemExit with every fault on its own line."""
    values: dict[str, Any] = {}
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        found = read_run_file(os.environ.get("RUN_DIR", ".run"))
        values = {k.lower(): v for k, v in found.items() if not os.environ.get(k)}
    try:
        return Env(**values)
    except ValidationError as fault:
        lines = [_sentence(dict(error)) for error in fault.errors()]
        raise SystemExit("The environment is wrong:\n" + "\n".join(f"  - {line}" for line in lines)) from None


def _sentence(error: dict[str, Any]) -> str:
    name = str(error["loc"][0]).upper() if error["loc"] else ""
    if error["type"] == "missing":
        return f"{name} is not set: {Env.model_fields[name.lower()].description}"
    return f"{name} {error['msg'].removeprefix('Value error, ')}".strip()
