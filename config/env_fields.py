"""Every variable of the environment, in groups: name, type, default, bounds, meaning. config/env.py checks them.

`.env.example` is written from here (config/env_example.py), so a description is what an operator reads: one
true line. `make` is a command whose output is a good value of a secret.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode


def _made_by(command: str) -> dict[str, Any]:
    return {"make": command}


_TOKEN = _made_by("python3 -c 'import secrets; print(secrets.token_urlsafe(50))'")
_HEX = _made_by("python3 -c 'import secrets; print(secrets.token_hex(24))'")
_FERNET = _made_by("python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'")
_COLLECTOR = _made_by(
    ".venv/bin/python -c 'from solders.keypair import Keypair; print(\"1:\" + str(Keypair()))'"
)
_KEYPAIR = _made_by(".venv/bin/python -c 'from solders.keypair import Keypair; print(Keypair())'")


class Servers(BaseSettings):
    """Servers, keys at rest, and the process"""

    # repr=False: a URL may hold a password or a key.
    database_url: str = Field(
        repr=False,
        description="PostgreSQL 15+, postgresql://user:password@host/name",
        examples=["postgresql://clearbeat:password@127.0.0.1:5432/clearbeat"],
    )
    redis_url: str = Field(
        repr=False,
        description="Redis 7+ or Valkey, redis://... or redis+socket:///path",
        examples=["redis://127.0.0.1:6379/0"],
    )
    secret_key: SecretStr = Field(
        description="Django's signing key, at least 32 characters", json_schema_extra=_TOKEN
    )
    field_keys: Annotated[list[SecretStr], NoDecode] = Field(
        description="Fernet keys for columns at rest, newest first, separated by commas",
        json_schema_extra=_FERNET,
    )
    debug: bool = Field(default=False, description="Django's debug pages; never on in production")
    livemode: bool = Field(
        default=False, description="Real money: on with mainnet-beta alone. Simulators are refused."
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default=["127.0.0.1", "localhost", "[::1]"],
        description="Names under which the web process is reached, separated by commas",
    )
    proxy_proto_header: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9]+(-[A-Za-z0-9]+)*)?$",
        description="Header in which a proxy that strips it from callers says https; empty: nobody is believed",
        examples=["X-Forwarded-Proto"],
    )
    log_file: str = Field(default="", description="Also write the log here; stdout always has it (row 0.71)")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least that is logged"
    )
    flower_url: str = Field(
        default="",
        description="Where operators reach Flower, http(s)://host/path: jobs link to their task; empty: no links",
        examples=["http://127.0.0.1:5555"],
    )
    soft_shutdown_seconds: float = Field(
        default=30, ge=0, description="A worker may end what it does for so long after SIGTERM"
    )
    api_rate_limit: int = Field(default=6000, ge=1, le=1_000_000, description="Calls a minute and API key")
    web_connections: int = Field(
        default=8, ge=1, le=200, description="Database connections of a web process: its threads"
    )


class Scheduler(BaseSettings):
    """Scheduler (rows 0.34 to 0.48)"""

    payment_scheduler_enabled: bool = Field(default=True, description="Off: beat finds nothing due")
    payment_processing_interval: str = Field(
        default="5", description="Minutes (`5`) or a five-field cron (`*/5 * * * *`); D1"
    )
    payment_processing_seconds: float = Field(
        default=0, ge=0, le=3600, description="Demo and tests: the interval in seconds; 0 = use the minutes"
    )
    payment_batch_size: int = Field(default=50, ge=1, le=500, description="Rows sent in one batch of a lane")
    payment_retry_attempts: int = Field(default=3, ge=1, le=10, description="Short attempts in all")
    payment_retry_delay: int = Field(
        default=2000, ge=1, le=600_000, description="ms before the second attempt; doubled each time"
    )
    webhook_timeout: int = Field(default=5000, ge=100, le=60_000, description="ms for one delivery")
    webhook_retry_attempts: int = Field(default=3, ge=1, le=10, description="Quick tries of a delivery")
    internal_scheduler_api_key: Annotated[list[SecretStr], NoDecode] = Field(
        default=[],
        description="Bearer of an outer cron, for process-due and maintenance alone; `new,old` while rotating",
        json_schema_extra=_TOKEN,
    )
    grace_period: int = Field(
        default=3600,
        ge=0,
        le=30 * 86_400,
        description="Seconds in which funds are awaited, from the first look that finds too little; 0: not at all",
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


class Spans(BaseSettings):
    """The engine's time spans and limits (docs/design.md section 3)"""

    # Tests use tenths of seconds.
    take_seconds: float = Field(default=60, gt=0, description="A taken row is offered again after this")
    send_window_seconds: float = Field(default=20, gt=0, description="Signed to first byte, at most")
    send_deadline_seconds: float = Field(default=10, gt=0, description="Total time of one request")
    verify_first_seconds: float = Field(default=2, gt=0, description="First look after a send")
    verify_max_seconds: float = Field(default=900, gt=0, description="Longest gap between looks")
    park_unknown_seconds: float = Field(
        default=86_400, gt=0, description="An outcome unknown for so long is parked for a person"
    )
    two_approvers_above: Annotated[dict[str, int], NoDecode] = Field(
        default={},
        description="Two approvers must say that an unknown payment never took effect above so many minor units: "
        "`USD=50000,IDR=5000000`; of a currency that is not named one is enough",
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
    tick_seconds: float = Field(
        default=2, gt=0, le=60, description="Gap between ticks, which wake every lane that has work"
    )
    sweep_seconds: float = Field(
        default=60, gt=0, le=3600, description="Gap between audits that the ticks missed nothing"
    )
    result_days: int = Field(default=7, ge=1, description="Days that result rows of batch tasks are kept")


class Edge(BaseSettings):
    """How gateways are called (engine/providers/edge)"""

    http_connect_seconds: float = Field(
        default=5, gt=0, le=60, description="Gateways: for a name, a connection and TLS together"
    )
    http_body_bytes_max: int = Field(
        default=1_048_576, ge=1024, description="A longer answer of a gateway is cut off and read as none"
    )
    breaker_window_seconds: float = Field(
        default=10, gt=0, description="In which failures of a gateway's operation are counted"
    )
    breaker_failures: int = Field(
        default=5,
        ge=1,
        description="So many of them, and half of its calls, stop the operation for all workers",
    )
    breaker_open_seconds: float = Field(
        default=5, gt=0, description="Until one call tries again; doubled each time that it fails"
    )
    breaker_open_max_seconds: float = Field(default=60, gt=0, description="The longest such wait")


class Inbox(BaseSettings):
    """What gateways tell us by themselves (payments/callbacks)"""

    callback_bytes_max: int = Field(
        default=262_144,
        ge=1024,
        le=1_048_576,
        description="A longer callback is refused and counted, not kept",
    )
    callback_days: int = Field(
        default=30, ge=1, description="Days that callbacks are kept; what waits or is parked stays"
    )
    callback_unknown_seconds: float = Field(
        default=3600, ge=0, description="What names nothing of ours is looked for again for so long"
    )
    callback_refused_per_minute: int = Field(
        default=30,
        ge=0,
        le=10_000,
        description="Callbacks that are not believed: so many a minute, gateway and web process are kept",
    )
    callback_refused_kept: int = Field(
        default=1000, ge=0, description="The newest of them that are kept of each gateway"
    )


class Solana(BaseSettings):
    """Solana (rows 0.39 to 0.41, docs/design.md section 6)"""

    solana_network: Literal["devnet", "testnet", "mainnet-beta", "localnet"] = Field(
        default="devnet", description="The cluster; a node of another one stops a worker's boot (row 0.40)"
    )
    solana_rpc_url: str = Field(
        default="",
        repr=False,
        description="JSON-RPC endpoints, first choice first, separated by commas; empty: the public one",
    )
    solana_commitment: Literal["confirmed", "finalized"] = Field(
        default="confirmed", description="The commitment at which accounts and blockhashes are read"
    )
    solana_collector_keys: Annotated[list[SecretStr], NoDecode] = Field(
        default=[],
        description="Delegates, `version:base58 of 64 bytes`, newest first, separated by commas",
        json_schema_extra=_COLLECTOR,
    )
    solana_fee_payer_key: SecretStr = Field(
        default=SecretStr(""),
        description="Who pays the network's fees: base58 of 64 bytes",
        json_schema_extra=_KEYPAIR,
    )
    solana_mints: Annotated[dict[str, tuple[str, int]], NoDecode] = Field(
        default={"SOL": ("So11111111111111111111111111111111111111112", 9)},
        description="Allow-list, `CODE=mint:decimals`, separated by commas; SOL is wrapped SOL",
    )
    solana_fee_wallet: str = Field(default="", description="Owner of the accounts that take platform fees")
    solana_priority_fee: int = Field(default=1000, ge=0, description="micro-lamports per compute unit")
    solana_priority_fee_cap: int = Field(default=100_000, ge=0, description="lamports a transaction, at most")
    solana_compute_limit: int = Field(
        default=60_000,
        ge=1000,
        le=1_400_000,
        description="Compute units of one transfer; accounts that it opens come on top",
    )
    solana_fee_payer_min: int = Field(
        default=10_000_000, ge=0, description="lamports; below it nothing is sent"
    )
    solana_blockhash_slots: int = Field(
        default=150, ge=10, le=300, description="How long a blockhash lives; other than 150 on localnet alone"
    )


class Sandbox(BaseSettings):
    """Tests alone"""

    sandbox_providers: Annotated[dict[str, str], NoDecode] = Field(
        default={}, description="Tests only: further providers, `name=python.path`; refused with LIVEMODE"
    )


class Containers(BaseModel):
    """Read by docker-compose.yml and by the programs it starts, not by the product"""

    postgres_password: SecretStr = Field(
        description="Of compose's own PostgreSQL; letters and digits, as it stands in a URL",
        json_schema_extra=_HEX,
    )
    flower_basic_auth: SecretStr = Field(
        description="Flower's login, user:password",
        json_schema_extra=_made_by(
            "python3 -c 'import secrets; print(\"operator:\" + secrets.token_hex(12))'"
        ),
    )
    web_port: int = Field(default=8000, description="Port of the loopback address where web answers")
    web_workers: int = Field(default=2, description="Web processes in the container (row 0.15)")
    web_threads: int = Field(default=8, description="Requests at once in each of them")
    flower_port: int = Field(default=5555, description="Port of the loopback address where Flower answers")
    stop_grace: str = Field(
        default="60s", description="Time to stop before a kill; longer than SOFT_SHUTDOWN_SECONDS"
    )
