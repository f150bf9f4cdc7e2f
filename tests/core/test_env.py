"""A wrong environment stops the boot with every fault at once, each by its name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr, ValidationError
from solders.keypair import Keypair

from config.env import Env, load
from config.env_rules import check_key

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "DATABASE_URL": "postgresql://clearbeat@/clearbeat?host=/run/pg",
    "REDIS_URL": "redis://localhost:6379/0",
    "SECRET_KEY": "s" * 40,
    "FIELD_KEYS": Fernet.generate_key().decode(),
}

WRAPPED = "So11111111111111111111111111111111111111112"
OTHER = str(Keypair.from_seed(bytes([9] * 32)).pubkey())
KEY = str(Keypair.from_seed(bytes([7] * 32)))


def _boot(environ: dict[str, str], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """config.env in a process of its own, with nothing of ours around it."""
    code = "from config import env; print(env.load().payment_batch_size)"
    clean = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "RUN_DIR": str(tmp_path / "none"),
        **environ,
    }
    return subprocess.run(
        [sys.executable, "-c", code], env=clean, cwd=tmp_path, capture_output=True, text=True, check=False
    )


def _faults(**changes: object) -> str:
    values = {name.lower(): value for name, value in GOOD.items()} | changes
    with pytest.raises(ValidationError) as refused:
        Env(**values)  # type: ignore[arg-type]
    return str(refused.value)


def test_a_good_environment_boots_with_the_sources_defaults(tmp_path: Path) -> None:
    done = _boot(GOOD, tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "50"), done.stderr


def test_the_sources_settings_have_their_defaults_and_follow_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows 0.34 to 0.48 and 1.17."""
    rows = {
        "payment_scheduler_enabled": (True, "false", False),
        "payment_processing_interval": ("5", "*/7 * * * *", "*/7 * * * *"),
        "payment_batch_size": (50, "25", 25),
        "payment_retry_attempts": (3, "4", 4),
        "payment_retry_delay": (2000, "500", 500),
        "solana_network": ("devnet", "mainnet-beta", "mainnet-beta"),
        "solana_commitment": ("confirmed", "finalized", "finalized"),
        "webhook_timeout": (5000, "100", 100),
        "webhook_retry_attempts": (3, "5", 5),
        "grace_period": (3600, "60", 60),
        "max_processing_time": (300_000, "1000", 1000),
        "maintenance_time": ("0 2 * * *", "30 3 * * *", "30 3 * * *"),
    }
    for name in [*rows, *(each.lower() for each in GOOD)]:
        monkeypatch.delenv(name.upper(), raising=False)
    values = {name.lower(): value for name, value in GOOD.items()}
    for name, (default, text, changed) in rows.items():
        assert getattr(Env(**values), name) == default, name  # type: ignore[arg-type]
        monkeypatch.setenv(name.upper(), text)
        if text == "mainnet-beta":
            monkeypatch.setenv("LIVEMODE", "true")
        assert getattr(Env(**values), name) == changed, name  # type: ignore[arg-type]


def test_without_a_url_the_networks_public_endpoint_is_used() -> None:
    values = {name.lower(): value for name, value in GOOD.items()}
    env = Env(**values, solana_rpc_url="", solana_network="mainnet-beta", livemode=True)  # type: ignore[arg-type]
    assert env.rpc_endpoints == ["https://api.mainnet-beta.solana.com"]
    assert "solana_rpc_url" in _faults(solana_network="localnet", solana_rpc_url="")


def test_a_proxys_header_is_believed_only_where_it_is_named() -> None:
    values = {name.lower(): value for name, value in GOOD.items()}
    assert Env(**values).proxy_ssl_header is None  # type: ignore[arg-type]
    named = Env(**values, proxy_proto_header="X-Forwarded-Proto")  # type: ignore[arg-type]
    assert named.proxy_ssl_header == ("HTTP_X_FORWARDED_PROTO", "https")
    assert "proxy_proto_header" in _faults(proxy_proto_header="X-Forwarded-Proto: https")


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    wrong = {
        "DATABASE_URL": "mysql://x",
        "SECRET_KEY": "short",
        "FIELD_KEYS": "nonsense",
        "PAYMENT_BATCH_SIZE": "0",
        "PAYMENT_PROCESSING_INTERVAL": "five minutes",
        "SOLANA_NETWORK": "ethereum",
        "SOLANA_MINTS": "USDC=short:6",
    }
    done = _boot(wrong, tmp_path)
    assert done.returncode == 1
    said = done.stderr.splitlines()
    for name in [*wrong, "REDIS_URL"]:
        assert sum(line.startswith(f"  - {name} ") for line in said) == 1, (name, done.stderr)
    assert "Traceback" not in done.stderr


def test_a_secret_is_not_told(tmp_path: Path) -> None:
    done = _boot({**GOOD, "SECRET_KEY": "hunter2", "FIELD_KEYS": "hunter3"}, tmp_path)
    assert "hunter" not in done.stderr + done.stdout


def test_missing_urls_come_from_the_run_folder(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    lines = [f"{name}={value}" for name, value in GOOD.items()]
    (tmp_path / "none" / "env").write_text("\n".join(["# made by make run", *lines, "PAYMENT_BATCH_SIZE=7"]))
    assert _boot({}, tmp_path).stdout.strip() == "7"
    beside = os.path.relpath(tmp_path / "none", ROOT)  # from the checkout, as `make run` reads it
    assert _boot({"RUN_DIR": beside}, tmp_path).stdout.strip() == "7"
    assert _boot({"PAYMENT_BATCH_SIZE": "9"}, tmp_path).stdout.strip() == "9"


@pytest.mark.parametrize("form", ["5", "60", "*/5 * * * *", "0 2 * * *"])
def test_an_interval_is_minutes_or_a_cron(form: str) -> None:
    """Danger D1: one typed setting, unknown forms refused."""
    values = {name.lower(): value for name, value in GOOD.items()}
    assert Env(**values, payment_processing_interval=form).payment_processing_interval == form  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("form", "seconds"),
    [("5", 300), ("*/7 * * * *", 420), ("5 * * * *", 3600), ("*/5,7 * * * *", 3600), ("0 2 * * *", 86_400)],
)
def test_an_interval_tells_the_gap_between_two_cycles(form: str, seconds: float) -> None:
    values = {name.lower(): value for name, value in GOOD.items()}
    assert Env(**values, payment_processing_interval=form).beat_seconds == seconds  # type: ignore[arg-type]
    assert Env(**values, payment_processing_seconds=0.5).beat_seconds == 0.5  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["0", "-5", "5m", "5.5", "* * * *", "* * * * * *", "", "@daily"])
def test_other_forms_of_an_interval_are_refused(form: str) -> None:
    assert "payment_processing_interval" in _faults(payment_processing_interval=form)


def test_live_money_refuses_what_belongs_to_tests() -> None:
    assert "debug" in _faults(livemode=True, debug=True)
    assert "localnet" in _faults(livemode=True, solana_network="localnet", solana_rpc_url="http://x")
    assert "sandbox_providers" in _faults(livemode=True, sandbox_providers={"a": "b"})


@pytest.mark.parametrize("network", ["devnet", "testnet", None])
def test_live_money_is_on_mainnet_and_nowhere_else(network: str | None) -> None:
    assert "is mainnet-beta" in _faults(livemode=True, **({"solana_network": network} if network else {}))
    assert "its money is real" in _faults(livemode="false", solana_network="mainnet-beta")


def test_a_log_file_is_one_that_can_be_written(tmp_path: Path) -> None:
    values = {name.lower(): value for name, value in GOOD.items()}
    for good in ("", str(tmp_path / "new.log"), "/dev/stdout"):
        assert Env(**values, log_file=good).log_file == good  # type: ignore[arg-type]
    assert "in a folder that does not exist" in _faults(log_file="/nonexistent/x.log")
    assert "is a folder" in _faults(log_file=str(tmp_path))


def test_a_queue_without_or_with_a_number_is_one() -> None:
    values = {name.lower(): value for name, value in GOOD.items() if name != "REDIS_URL"}
    for good in ("redis://h", "redis://h/", "rediss://:pw@h:6380/15", "redis+socket:///p?virtual_host=3"):
        assert Env(**values, redis_url=good).redis_url == good  # type: ignore[arg-type]


def test_faults_of_a_combination_are_told_at_once_too() -> None:
    said = _faults(livemode=True, debug=True, sandbox_providers={"a": "b"}, payment_batch_size=0)
    assert [name for name in ("payment_batch_size", "debug", "sandbox_providers") if name not in said] == []


def test_the_daily_maintenance_is_a_cron() -> None:
    """A number of minutes is an interval; the timetable splits this one into five fields."""
    assert "maintenance_time" in _faults(maintenance_time="5")


def test_a_cron_that_no_clock_ever_shows_is_refused() -> None:
    assert "payment_processing_interval" in _faults(payment_processing_interval="99 99 * * *")


@pytest.mark.parametrize("network", ["devnet", "testnet", "mainnet-beta"])
@pytest.mark.parametrize("slots", ["60", 149, 300])
def test_a_blockhash_lives_as_long_as_the_cluster_says(network: str, slots: object) -> None:
    """Absence is proved by the height: fewer slots would sign anew what may still land."""
    assert "solana_blockhash_slots" in _faults(solana_network=network, solana_blockhash_slots=slots)


def test_a_local_net_may_forget_its_blockhashes_sooner() -> None:
    values = {name.lower(): value for name, value in GOOD.items()}
    local = {"solana_network": "localnet", "solana_rpc_url": "http://x", "solana_blockhash_slots": "60"}
    assert Env(**values, **local).solana_blockhash_slots == 60  # type: ignore[arg-type]
    assert Env(**values, solana_blockhash_slots="150").solana_blockhash_slots == 150  # type: ignore[arg-type]


def test_no_password_and_no_key_is_shown() -> None:
    values = {name.lower(): value for name, value in GOOD.items()} | {
        "database_url": "postgresql://me:hunter1@db/clearbeat",
        "redis_url": "rediss://me:hunter2@queue:6379/0",
        "solana_rpc_url": "https://rpc.example/?api-key=hunter3",
        "secret_key": "hunter4" * 5,
        "solana_fee_payer_key": KEY,
        "solana_collector_keys": f"1:{KEY}",
        "internal_scheduler_api_key": "hunter7-of-yesterday, hunter8-of-today",
    }
    env = Env(**values)  # type: ignore[arg-type]
    for shown in (repr(env), str(env)):
        assert not [secret for secret in ("hunter", KEY, GOOD["FIELD_KEYS"]) if secret in shown]


def test_a_lane_may_send_a_whole_batch_at_once() -> None:
    """A lane marks at most as many rows as it has free threads."""
    fields = Env.model_fields
    assert fields["lane_threads"].default == fields["payment_batch_size"].default == 50


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOLANA_FEE_PAYER_KEY", "garbage"),
        ("SOLANA_FEE_PAYER_KEY", KEY[:-1]),
        ("SOLANA_FEE_PAYER_KEY", KEY[:-1] + ("2" if KEY[-1] != "2" else "3")),
        ("SOLANA_FEE_PAYER_KEY", "1" * 64),
        ("SOLANA_COLLECTOR_KEYS", "garbage"),
        ("SOLANA_COLLECTOR_KEYS", "1:abc"),
        ("SOLANA_COLLECTOR_KEYS", KEY),
        ("SOLANA_COLLECTOR_KEYS", f"one:{KEY}"),
        ("SOLANA_COLLECTOR_KEYS", f"1:{KEY},1:{KEY}"),
        ("SOLANA_RPC_URL", "nonsense"),
        ("SOLANA_RPC_URL", "https://"),
        ("SOLANA_RPC_URL", ","),
        ("SOLANA_RPC_URL", "https://rpc.example,ftp://rpc.example/?api-key=hunter2"),
        ("SOLANA_RPC_URL", "https://rpc.example:hunter2/"),
        ("SANDBOX_PROVIDERS", "nonsense"),
        ("SANDBOX_PROVIDERS", "name="),
        ("SANDBOX_PROVIDERS", "a=b.C,nonsense"),
        ("DATABASE_URL", "postgresql://"),
        ("DATABASE_URL", "postgresql:///clearbeat"),
        ("DATABASE_URL", "postgresql://me:hunter2@db"),
        ("DATABASE_URL", "postgresql://me:hunter2/3@db/clearbeat"),
        ("DATABASE_URL", "postgresql://clearbeat@?host=/run/pg"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "rediss://:hunter2@/0"),
        ("REDIS_URL", "redis+socket://"),
        ("REDIS_URL", "redis://localhost/notanumber"),
        ("REDIS_URL", "redis+socket:///path?virtual_host=x"),
        ("TWO_APPROVERS_ABOVE", "USD=500.5"),
        ("TWO_APPROVERS_ABOVE", "USD=5,USD=6"),
        ("SOLANA_MINTS", f"SOL={WRAPPED}:6"),
        ("SOLANA_MINTS", f"USDC={WRAPPED}:9"),
        ("SOLANA_MINTS", f"BONK={WRAPPED}:5"),
        ("SOLANA_MINTS", f"USDC={WRAPPED}:6,USDC={OTHER}:6"),
        ("SOLANA_MINTS", f"USDC={WRAPPED}:6,USDT={WRAPPED}:6"),
        ("SOLANA_MINTS", f"USDC={'z' * 44}:6"),
        ("SOLANA_MINTS", f"USDC={WRAPPED[:-1]}:6"),
        ("SOLANA_FEE_WALLET", "z" * 44),
        ("SOLANA_FEE_WALLET", "1" * 31),
        ("SOLANA_FEE_WALLET", f"{WRAPPED}0"),
        ("LOG_FILE", "/nonexistent/x.log"),
    ],
)
def test_what_would_fail_later_stops_the_boot(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence with the variable's name, and nothing of a key, a password or an address in it."""
    for variable, good in {**GOOD, name: value}.items():
        monkeypatch.setenv(variable, good)
    with pytest.raises(SystemExit) as refused:
        load()
    said = str(refused.value)
    assert [line.split()[1] for line in said.splitlines()[1:]] == [name]
    assert not [secret for secret in ("hunter", KEY, KEY[:-1], "garbage", ":abc") if secret in said]


def test_keys_may_be_left_empty_and_several_collectors_given() -> None:
    values = {name.lower(): value for name, value in GOOD.items()}
    env = Env(**values, solana_fee_payer_key="", solana_collector_keys="")  # type: ignore[arg-type]
    assert (env.solana_collector_keys, env.solana_fee_payer_key.get_secret_value()) == ([], "")
    env = Env(**values, solana_collector_keys=f"2:{KEY}, 1:{Keypair.from_seed(bytes([8] * 32))}")  # type: ignore[arg-type]
    assert len(env.solana_collector_keys) == 2


@pytest.mark.parametrize("lead", [0, 1, 2])
def test_a_key_that_begins_with_zeros_is_a_key(lead: int) -> None:
    """base58 writes each leading zero byte as a 1."""
    seed = bytes(lead) + bytes(range(1, 33 - lead))
    assert check_key(SecretStr(str(Keypair.from_seed(seed))))


def test_several_endpoints_are_several_urls() -> None:
    values = {name.lower(): value for name, value in GOOD.items()}
    env = Env(**values, solana_rpc_url=" https://a.example/?key=1, http://[::1]:8899 ")  # type: ignore[arg-type]
    assert env.rpc_endpoints == ["https://a.example/?key=1", "http://[::1]:8899"]


def test_the_longest_gap_between_looks_is_not_below_the_first() -> None:
    assert "VERIFY_FIRST_SECONDS" in _faults(verify_first_seconds="30", verify_max_seconds="29")
    assert "VERIFY_FIRST_SECONDS" in _faults(verify_first_seconds="901")
    assert "VERIFY_FIRST_SECONDS" not in _faults(verify_first_seconds="nonsense")


def test_the_operator_is_told_that_a_long_cycle_is_cut() -> None:
    assert "at most 200 s of it are used" in str(Env.model_fields["max_processing_time"].description)


def test_a_migration_may_take_long_and_waits_for_no_lock_for_long() -> None:
    """A migration that waits for a lock queues everybody behind it: it gives up after 5 s and is tried again."""
    env = Env(**{name.lower(): value for name, value in GOOD.items()})  # type: ignore[arg-type]
    for unhurried, limit in ((True, "0"), (False, "60s")):
        options = env.database(unhurried=unhurried)["OPTIONS"]["options"]
        assert "-c lock_timeout=5s" in options
        assert f"-c statement_timeout={limit}" in options
        assert "-c idle_in_transaction_session_timeout=30s" in options
