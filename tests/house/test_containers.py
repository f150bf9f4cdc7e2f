"""The compose file and the image say what the code says: no Docker is needed to hold them to it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.conf import settings

from config.celery import app
from config.env import Env
from config.env_fields import Containers
from sandbox.run.parts import PARTS
from tests.house import tree

OURS = ("migrate", "web", "money", "io", "beat", "flower")
SERVERS = ("postgres", "redis")
# `${NAME}`, `${NAME:-default}` or `${NAME:?said}`; a default may hold another one.
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])((?:[^{}]|\{[^{}]*\})*))?\}")
# Read by compose alone: which image, where somebody has a registry of their own.
COMPOSE_ONLY = {"CLEARBEAT_IMAGE"}
# The product's own, with a default that follows from compose's.
FOLLOWS = {"FLOWER_URL": "FLOWER_PORT", "WEB_CONNECTIONS": "WEB_THREADS"}
DEFAULT_SOFT_SHUTDOWN = Env.model_fields["soft_shutdown_seconds"].default

COMPOSE_TEXT = (tree.ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (tree.ROOT / "Dockerfile").read_text()


def filled(text: str) -> str:
    """With the defaults put in, as compose does without a .env."""
    return VARIABLE.sub(lambda found: filled(found[3]) if found[2] == "-" else "given", text)


def variables(text: str) -> list[tuple[str, str, str]]:
    """(name, kind, rest) of each, those in defaults too."""
    found = VARIABLE.findall(text)
    return found + [inner for _, _, rest in found for inner in variables(rest)]


def command(service: str) -> list[str]:
    return [filled(word) for word in SERVICES[service]["command"]]


def from_dockerfile(instruction: str) -> list[str]:
    """The exec form that follows an instruction, in the last stage."""
    folded = DOCKERFILE.replace("\\\n", " ")
    found = re.findall(rf"^{instruction} .*?(\[.*\])$|^{instruction} (\[.*\])$", folded, re.MULTILINE)
    return list(json.loads("".join(found[-1])))


def seconds(text: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(s|m)", filled(text)).groups()  # type: ignore[union-attr]
    return float(number) * {"s": 1, "m": 60}[unit]


def test_it_follows_the_compose_specification() -> None:
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(vendored.read_text())
    checker = jsonschema.validators.validator_for(schema)(schema)
    found = [f"{'.'.join(map(str, each.path))}: {each.message}" for each in checker.iter_errors(COMPOSE)]
    tree.none_of(found, "docker-compose.yml is not what compose reads:")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**COMPOSE, "services": {"web": {"comand": "x"}}}, schema)


def test_the_dockerfile_has_no_finding() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("requirements-dev.in has hadolint for Linux on x86-64 alone")
    done = subprocess.run([linter, "Dockerfile"], cwd=tree.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_part_is_a_service_and_nothing_else_is() -> None:
    assert set(SERVICES) == {*OURS, *SERVERS}
    parts = {part.name.rstrip("-12") for part in PARTS} - {"localnet", "gateways", "demo", "schedule"}
    assert parts == set(OURS), "sandbox/run/parts.py and docker-compose.yml start the same programs"


@pytest.mark.parametrize("name", ["money", "io"])
def test_workers_run_as_they_do_in_make_run(name: str) -> None:
    part = next(part for part in PARTS if part.name.rstrip("-12") == name)
    here, there = command(name), part.argv.split()
    assert here[0] == "python" and there[0] == "{python}"
    named = [f"{name}@%h" if "@" in word else word for word in there[1:]]
    assert here[1:] == named


def test_beat_runs_as_it_does_in_make_run() -> None:
    part = next(part for part in PARTS if part.name == "beat")
    assert command("beat")[1:] == part.argv.split()[1:]


def test_every_queue_has_a_worker_and_every_worker_a_queue() -> None:
    consumed: list[str] = []
    for name in OURS:
        words = command(name)
        if "worker" in words:
            consumed += words[words.index("-Q") + 1].split(",")
    assert sorted(consumed) == sorted(queue.name for queue in app.conf.task_queues)


def test_migrate_is_a_step_of_its_own_before_the_others() -> None:
    assert (
        "manage.py migrate" in command("migrate")[-1] and "manage.py sync_schedule" in command("migrate")[-1]
    )
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["init"] is True, "sh as process 1 would not hear TERM"
    for name in OURS:
        needs = SERVICES[name]["depends_on"]
        assert needs["postgres"] == {"condition": "service_healthy"}, name
        if name != "migrate":
            assert needs["migrate"] == {"condition": "service_completed_successfully"}, name
            assert needs["redis"] == {"condition": "service_healthy"}, name


def test_what_stays_comes_back_and_is_watched() -> None:
    for name in {*SERVICES} - {"migrate"}:
        assert SERVICES[name]["restart"] == "unless-stopped", name
        check = SERVICES[name]["healthcheck"]
        assert check["test"][0] in ("CMD", "CMD-SHELL") and check["retries"] >= 2, name
    for name in {*OURS} - {"migrate"}:
        words = SERVICES[name]["healthcheck"]["test"]
        assert words[1:4] == ["python", "deploy/alive.py", "worker" if name in ("money", "io") else name]
    for name in ("money", "io"):
        node = command(name)[command(name).index("-n") + 1]
        assert node == f"{SERVICES[name]['healthcheck']['test'][-1]}@%h"


def test_workers_scale() -> None:
    """`--scale money=3`: neither names nor ports that only one can have."""
    for name in ("money", "io", "beat"):
        assert not SERVICES[name].keys() & {"container_name", "ports", "hostname"}, name
    for name in ("money", "io"):
        assert "%h" in " ".join(command(name)), "a node's name holds its host's"


def test_there_is_time_to_stop_in_order() -> None:
    grace = seconds(Containers.model_fields["stop_grace"].default)
    web = int(next(word for word in command("web") if "graceful-timeout" in word).partition("=")[2])
    for name in OURS:
        assert SERVICES[name]["stop_signal"] == "SIGTERM", name
        assert seconds(SERVICES[name]["stop_grace_period"]) == grace, name
    assert grace >= DEFAULT_SOFT_SHUTDOWN + 10
    assert grace >= web + 10
    assert "REMAP_SIGTERM=SIGQUIT" in DOCKERFILE, "without it SIGTERM waits for a task's whole time"


def test_only_the_loopback_address_is_open() -> None:
    open_ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(open_ports) == 2
    assert all(filled(port).startswith("127.0.0.1:") for port in open_ports)
    assert "FLOWER_BASIC_AUTH:?" in SERVICES["flower"]["environment"]["FLOWER_BASIC_AUTH"]
    assert not {"--unauthenticated_api", "--basic-auth"} & {word.split("=")[0] for word in command("flower")}


def test_ours_run_with_as_little_as_they_need() -> None:
    for name in OURS:
        service = SERVICES[name]
        assert service["read_only"] is True and service["tmpfs"] == ["/tmp"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service and "user" not in service, name


def test_no_secret_stands_in_the_file() -> None:
    secret = [
        name.upper()
        for model in (Env, Containers)
        for name, field in model.model_fields.items()
        if "SecretStr" in str(field.annotation)
    ]
    found = [
        f"{service}: {name}"
        for service, each in SERVICES.items()
        for name, value in each.get("environment", {}).items()
        if (name in secret or "PASSWORD" in name) and not re.fullmatch(r"\$\{\w+:\?[^}]*\}", value)
    ]
    tree.none_of(found, "A secret comes from .env and is asked for by name:")
    assert all(SERVICES[name]["env_file"] == ".env" for name in OURS)


def test_every_variable_is_one_that_we_have_with_the_default_that_it_has() -> None:
    found = []
    for name, kind, rest in variables(COMPOSE_TEXT):
        field = Containers.model_fields.get(name.lower())
        if name in COMPOSE_ONLY:
            continue
        if name in FOLLOWS:
            follows = [inner for inner, _, _ in variables(rest)] == [FOLLOWS[name]]
            found += [] if follows and name.lower() in Env.model_fields else [f"{name}: {rest}"]
            continue
        if field is None:
            found.append(f"{name}: no field of Containers (config/env_fields.py)")
        elif field.is_required() != (kind == "?"):
            found.append(f"{name}: required there or here, not at both")
        elif kind == "-" and rest != str(field.default):
            found.append(f"{name}: {rest} here, {field.default} in config/env_fields.py")
    used = {name.lower() for name, _, _ in variables(COMPOSE_TEXT)}
    found += [f"{name.upper()}: not used" for name in Containers.model_fields if name not in used]
    tree.none_of(found, "docker-compose.yml and config/env_fields.py tell different things:")
    known = {name.upper() for name in (*Env.model_fields, *Containers.model_fields)}
    assert {name for service in OURS for name in SERVICES[service]["environment"]} <= known


def test_flower_is_linked_and_every_thread_of_web_has_a_connection() -> None:
    for name in OURS:
        (port,) = (filled(each) for each in SERVICES["flower"]["ports"])
        assert filled(SERVICES[name]["environment"]["FLOWER_URL"]) == f"http://{port.rpartition(':')[0]}", (
            name
        )
    threads = next(word for word in command("web") if word.startswith("--threads=")).partition("=")[2]
    assert filled(SERVICES["web"]["environment"]["WEB_CONNECTIONS"]) == threads


def test_the_image_holds_every_room_and_nothing_private() -> None:
    lines = (tree.ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "nothing comes in but what is named"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    rooms = {room for room in tree.PRODUCT if (tree.ROOT / room).is_dir()}
    local = {
        name.split(".")[0] for name in settings.INSTALLED_APPS if (tree.ROOT / name.split(".")[0]).is_dir()
    }
    assert rooms | local | {"manage.py", "deploy"} <= allowed
    assert not allowed & {".", ".env", ".git", "tests", "sandbox", "benchmarks", "docs"}
    copied = set(re.findall(r"[\w./-]+\.txt", " ".join(re.findall(r"^COPY (?!--from).*$", DOCKERFILE, re.M))))
    assert {name for name in copied if "/" not in name} <= allowed
