"""The sources' crontab lines against a running product: web, worker, tick. Only port and key are ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from sandbox.live import servers
from sandbox.live.house import House, house
from sandbox.live.spans import SHORT
from sandbox.live.web import free_port
from sandbox.run.paths import CHECKOUT
from tests import curl

pytestmark = pytest.mark.live
KEY, OLD = "sk_internal_scheduler_key_here", "sk_internal_scheduler_key_of_yesterday"
# As the first source document has them, under "External Cron Job".
CRONTAB = r"""
# Run every 5 minutes
*/5 * * * * curl -X POST http://localhost:3000/api/payments/process-due \
  -H "Authorization: Bearer your-internal-api-key" \
  -H "Content-Type: application/json"

# Run daily maintenance at 2 AM
0 2 * * * curl -X POST http://localhost:3000/api/payments/maintenance \
  -H "Authorization: Bearer your-internal-api-key" \
  -H "Content-Type: application/json"
"""


@cache
def port() -> int:
    return free_port()


def commands(key: str) -> list[str]:
    """The lines as cron would hand them to a shell."""
    joined = CRONTAB.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    ready = [re.sub(r"^(\S+ ){5}", "", line) for line in lines]
    return [
        line.replace("localhost:3000", f"127.0.0.1:{port()}").replace("your-internal-api-key", key)
        for line in ready
    ]


@contextmanager
def web(home: House) -> Iterator[None]:
    """A web process of the house's own."""
    own = {
        "DATABASE_URL": home.database_url,
        "REDIS_URL": home.redis_url,
        "INTERNAL_SCHEDULER_API_KEY": f"{KEY},{OLD}",
    }
    env = {**os.environ, **home.servers.secrets, **SHORT, **home.chain.environ, **own}
    argv = [
        sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port()}", "--threads", "4",
        "--control-socket", str(Path(home.folder) / "gunicorn.ctl"), "--worker-class", "gthread",
    ]  # fmt: skip
    with (Path(home.folder) / "web.log").open("wb") as log:
        child = subprocess.Popen(argv, env=env, cwd=CHECKOUT, stdout=log, stderr=log)
        try:
            end = time.monotonic() + 60
            while not up():
                assert child.poll() is None and time.monotonic() < end, Path(log.name).read_text()[-3000:]
                time.sleep(0.1)
            yield
        finally:
            child.terminate()
            child.wait(20)


def up() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port()}/health/live", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def cron(line: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "PATH": curl.path(Path(folder))}
        done = subprocess.run(
            ["sh", "-c", f"{line} -s -S"], env=env, capture_output=True, text=True, timeout=30, check=True
        )
    return json.loads(done.stdout)


def test_the_crontab_lines_of_the_source_bill_what_is_due() -> None:
    with (
        house(servers.given(), ticker=False, settings={"PAYMENT_PROCESSING_SECONDS": "3600"}) as home,
        web(home),
    ):
        home.subscribe(2)
        home.staff(money=1, io=1)
        home.start("beat", "beat")  # its own cycle comes each hour: what bills here is cron
        home.sql("UPDATE django_celery_beat_periodictask SET enabled = false WHERE name = 'due payments'")
        home.sql("UPDATE django_celery_beat_periodictasks SET last_update = now()")
        home.make_due()
        answers = [cron(line) for line in commands(KEY)]
        assert [answer["message"] for answer in answers] == [
            "Due payments processing initiated", "Maintenance initiated",
        ]  # fmt: skip
        assert home.settle(), home.verdict()
        assert home.until(lambda: states(home) == {"completed"}), states(home)
        assert home.verdict().succeeded == 2
        assert {cron(line)["success"] for line in commands(OLD)} == {True}, "the old one works while rotating"
        assert [cron(line)["error"] for line in commands("your-internal-api-key")] == [
            "Invalid internal API key"
        ] * 2
        tasks = home.sql("SELECT task_id FROM ops_job WHERE state = 'completed'")
        known = {row[0] for row in home.sql("SELECT task_id FROM django_celery_results_taskresult")}
        assert {row[0] for row in tasks} <= known, "a job names the Celery task that did it"


def states(home: House) -> set[str]:
    return {row[0] for row in home.sql("SELECT state FROM ops_job")}
