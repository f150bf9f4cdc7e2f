"""(f) REST and admin over a million payments: lists and details under load, triggers with and without Valkey."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psutil
import requests

from benchmarks import load, seed
from benchmarks.sizes import Size
from benchmarks.workers import workers
from engine.core import clock, sql, wake
from engine.core.actor import SYSTEM
from engine.rest import ids, keys
from sandbox.run import probe
from sandbox.run.parts import PARTS
from sandbox.run.paths import CHECKOUT, run_paths
from sandbox.run.process import Command, Process, Service
from sandbox.run.supervisor import Supervisor

ADMIN = {
    "payments": "payments/payment", "invoices": "billing/invoice", "subscriptions": "billing/subscription",
    "attempts": "payments/attempt", "events": "engine_outbox/event", "transfers": "engine_ledger/transfer",
}  # fmt: skip
FILTERS = {"parked": "parked", "unknown": "unknown", "failed today": "failed_today"}
STUCK = 50
FROZEN_SECONDS = 3.0
MOST_SECONDS = 120.0
STARTED = """SELECT count(*), extract(epoch FROM max(a.created_at) - %(since)s)::float
               FROM payments_attempt a WHERE a.payment_id = ANY(%(payments)s)"""

SETTLED = "SELECT 1 FROM payments_payment WHERE id = %(payment)s AND state = 'succeeded'"


def measure(size: Size) -> dict[str, object]:
    """Everything on one database, the web process as `make run` starts it."""
    url, payments, people = os.environ["DATABASE_URL"], size["payments"], size["subscriptions"]
    seed.plans(url)
    seed.subscriptions(url, 0, people, provider="instant")
    seed.history(url, 0, payments, subscriptions=people)
    seed.transfers(url, 0, payments, subscriptions=people)
    seed.stuck(url, min(STUCK, people // 4))
    due = 2 * size["triggers"] + 1
    seed.make_due(url, people - due, due)
    seed.settle_down(url)
    secret = keys.create("bench", ["admin:write"], by=SYSTEM).secret
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    with web() as (port, pid):
        targets = _targets(payments, people)
        load.run(port, headers, targets, rate=20, seconds=max(2, len(targets) / 20))  # every path once: warm
        rested = [
            list(one) for one in load.run(port, headers, targets, rate=10, seconds=size["rested"]).values()
        ]
        before = cpu_seconds(pid)
        loaded = load.run(port, headers, targets, rate=size["rate"], seconds=size["seconds"])
        cpu_ms = (cpu_seconds(pid) - before) * 1000 / sum(len(values) for values in loaded.values())
        admin = _admin(port, _pages(payments), size["pages"])
        with workers(money=1):
            triggers = _triggers(port, headers, range(people - due, people), size["triggers"])
    return {
        "payments": payments, "rate": size["rate"], "seconds": size["seconds"], "loaded": loaded, "cpu_ms": cpu_ms,
        "rested": [value for values in rested for value in values], "admin": admin, "triggers": triggers,
        "frozen_seconds": FROZEN_SECONDS,
    }  # fmt: skip


@contextmanager
def web(*, processes: int = 1) -> Iterator[tuple[int, int]]:
    """The web process of sandbox/run/parts.py; its port and process id. `processes`: gunicorn's workers."""
    paths = run_paths()
    port = int(os.environ.get("BENCH_PORT", "28620"))
    part = next(each for each in PARTS if each.name == "web")
    words = {"python": sys.executable, "web_port": str(port), "sockets": str(paths.sockets)}
    text = part.argv.replace("--workers 1", f"--workers {processes}")
    argv = tuple(word.format(**words) for word in text.split())
    env = {**os.environ, "CLEARBEAT_PROCESS": "web", "API_RATE_LIMIT": "1000000"}
    supervisor = Supervisor(lambda line: None)
    process = Process("bench-web", Command(argv, env, CHECKOUT), paths)
    try:
        supervisor.start(Service(process, probe.http_ok(port, "/health/live")))
        yield port, process.pid or 0
    finally:
        supervisor.stop()


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that a process and its children have used."""
    top = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in (top, *top.children(recursive=True)))


def _targets(payments: int, people: int) -> list[load.Target]:
    """Lists, with and without a filter, and details of random rows."""
    luck = random.Random(17)

    def some(kind: str, prefix: str, most: int) -> str:
        return f"{prefix}_{kind}000070008000{luck.randrange(most):012x}"

    def customer() -> str:
        return some(seed.CUSTOMER, "cus", people)

    def subscription() -> str:
        return some(seed.SUBSCRIPTION, "sub", people)

    def payment(prefix: str) -> str:
        return some(seed.PAYMENT, prefix, payments)

    return [
        ("payments", lambda: "/api/payments"),
        ("payments, failed", lambda: "/api/payments?state=failed"),
        ("payments with attempts", lambda: "/api/payments?expand=attempts"),
        ("invoices", lambda: "/api/invoices"),
        ("invoices of a customer", lambda: f"/api/invoices?customer={customer()}"),
        ("subscriptions", lambda: "/api/subscriptions"),
        ("subscriptions of a customer", lambda: f"/api/subscriptions?customer={customer()}&expand=customer"),
        ("customers", lambda: "/api/customers"),
        ("events", lambda: f"/api/events?after={some(seed.EVENT, 'evt', payments)}"),
        ("jobs", lambda: "/api/jobs"),
        ("one payment", lambda: f"/api/payments/{payment('pay')}"),
        ("one invoice", lambda: f"/api/invoices/{some(seed.INVOICE, 'inv', payments)}"),
        ("one subscription", lambda: f"/api/subscriptions/{subscription()}?expand=customer,plan"),
        ("one customer", lambda: f"/api/customers/{customer()}"),
        ("one event", lambda: f"/api/events/{some(seed.EVENT, 'evt', payments)}"),
        ("one job", lambda: f"/api/jobs/{payment('job')}"),
    ]


def _pages(payments: int) -> list[tuple[str, Callable[[int], str]]]:
    """What an operator opens, each with what makes the n-th address of it: lists five pages deep, the filters of the
    first page, a search, a payment's own page.
    """
    luck = random.Random(23)

    def deep(path: str) -> Callable[[int], str]:
        return lambda n: f"{path}/?p={n % 5 + 1}" if n % 5 else f"{path}/"

    def filtered(state: str) -> Callable[[int], str]:
        return lambda n: f"payments/payment/?state={state}"

    return [
        *((f"list of {name}", deep(path)) for name, path in ADMIN.items()),
        *((f"payments, {name}", filtered(state)) for name, state in FILTERS.items()),
        (
            "payments, search by signature",
            lambda n: f"payments/payment/?q=identity-{luck.randrange(payments)}",
        ),
        ("one payment", lambda n: f"payments/payment/{_key(seed.PAYMENT, luck.randrange(payments))}/change/"),
    ]


def _key(kind: str, number: int) -> str:
    return f"{kind}-0000-7000-8000-{number:012x}"


def _admin(
    port: int, opened: Sequence[tuple[str, Callable[[int], str]]], times: int
) -> dict[str, list[float]]:
    """Milliseconds of each page for somebody who is logged in, one at a time, after a first look."""
    from django.contrib.auth.models import User

    User.objects.create_superuser("bench", password="bench")
    base, session = f"http://127.0.0.1:{port}/admin", requests.Session()
    session.get(f"{base}/login/")
    sent = {"username": "bench", "password": "bench", "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    session.post(f"{base}/login/", data=sent, headers={"Referer": base})
    found = {}
    for name, address in opened:
        session.get(f"{base}/{address(0)}").raise_for_status()
        took = []
        for number in range(times):
            path = address(number)
            began = time.perf_counter()
            answer = session.get(f"{base}/{path}")
            took.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 200 or answer.history or "id_username" in answer.text:
                raise RuntimeError(f"{path}: {answer.status_code}")
        found[name] = took
    return found


def _triggers(port: int, headers: dict[str, str], due: range, count: int) -> dict[str, list[float]]:
    """Milliseconds to the 202, and seconds from then (or from Valkey's return) to the first attempt."""
    each = iter(due)
    _trigger(port, headers, next(each))
    found: dict[str, list[float]] = {"ms": [], "starts": [], "frozen_ms": [], "frozen_starts": []}
    for _ in range(count):
        began = clock.machine_now()
        took, payment = _trigger(port, headers, next(each))
        found["ms"].append(took)
        found["starts"].append(_started([payment], began))
        _settled(payment)
    valkey = _valkey()
    os.kill(valkey, signal.SIGSTOP)
    try:
        time.sleep(FROZEN_SECONDS / 2)
        asked = [_trigger(port, headers, next(each)) for _ in range(count)]
        time.sleep(FROZEN_SECONDS / 2)
    finally:
        os.kill(valkey, signal.SIGCONT)
    back = clock.machine_now()
    found["frozen_ms"] = [took for took, _ in asked]
    found["frozen_starts"] = [_started([payment for _, payment in asked], back)]
    return found


def _trigger(port: int, headers: dict[str, str], number: int) -> tuple[float, UUID]:
    path = f"/api/subscriptions/sub_{seed.SUBSCRIPTION}000070008000{number:012x}/trigger"
    began = time.perf_counter()
    status, said = load.request(port, "POST", path, {**headers, "Idempotency-Key": f"bench-{number}"}, "{}")
    took = (time.perf_counter() - began) * 1000
    if status != 202:
        raise RuntimeError(f"{path}: {status} {said[:300]!r}")
    payment = ids.read("job", json.loads(said)["jobs"][0])
    assert payment is not None
    return took, payment


def _started(payments: list[UUID], since: object) -> float:
    """Seconds until the last of them had its first attempt."""
    until = time.monotonic() + MOST_SECONDS
    while time.monotonic() < until:
        count, seconds = sql.rows(STARTED, {"payments": payments, "since": since})[0]
        if count >= len(payments):
            return max(float(seconds), 0.0)
        time.sleep(0.05)
    raise TimeoutError(f"no work started in {MOST_SECONDS} s")


def _settled(payment: UUID) -> None:
    """Wait: the next answer is not to be measured beside the work of this one."""
    until = time.monotonic() + MOST_SECONDS
    while not sql.rows(SETTLED, {"payment": payment}) and time.monotonic() < until:
        time.sleep(0.05)


def _valkey() -> int:
    """The process id of our own server. Raises RuntimeError where it is somebody else's."""
    told = wake.connect(os.environ["REDIS_URL"]).info("server")
    pid = int(told["process_id"])  # type: ignore[index]
    name = Path(f"/proc/{pid}/comm")
    if not name.exists() or "valkey" not in name.read_text():
        raise RuntimeError("Valkey is not a process of ours: run this on the embedded servers")
    return pid
