"""Whatever somebody starts by hand in Flower is harmless: every task, with junk and with real words, many times."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from kombu import Queue

from config.celery import app as ours
from sandbox.live import servers
from sandbox.live.house import House, house

pytestmark = pytest.mark.live
TABLES = (
    "payments_payment", "payments_attempt", "payments_evidence", "payments_case", "engine_ledger_transfer",
    "engine_outbox_event", "billing_invoice", "billing_invoiceline", "billing_subscription", "ops_job",
)  # fmt: skip
REAL: list[tuple[list[Any], dict[str, Any]]] = [
    ([], {}), ([], {"operation": "charge", "provider": "solana_delegate"}),
]  # fmt: skip
JUNK: list[tuple[list[Any], dict[str, Any]]] = [
    ([1, "x", None], {}),
    ([], {"operation": "refund", "provider": "solana_delegate"}),
    ([], {"operation": "charge", "provider": "nobody'; DROP TABLE payments_payment; --"}),
    ([], {"operation": {"a": [1]}, "provider": -1}),
    ([], {"payment_id": "0198c0de-0000-7000-8000-000000000001", "amount_minor": 1, "state": "succeeded"}),
    ([], {"seconds": -1, "batch": 10**9, "until": "never", "task_id": "x", "clock_id": 0}),
]


def names() -> list[str]:
    ours.loader.import_default_modules()
    return sorted(ours.tasks)


def send_all(home: House, asked: list[tuple[list[Any], dict[str, Any]]]) -> int:
    """Every registered task with each of these arguments, as Flower publishes it; how many messages."""
    sent = 0
    with Celery("by-hand", broker=home.redis_url, set_as_current=False) as flower:
        flower.conf.task_queues = [Queue(name) for name in ("plan", "money", "io")]
        for name in names():
            queue = ours.amqp.router.route({}, name)["queue"].name
            for args, kwargs in asked:
                flower.send_task(name, args=args, kwargs=kwargs, queue=queue, retry=False)
                sent += 1
    return sent


def worked_off(home: House) -> None:
    """All messages were taken and acknowledged."""
    client = servers.connect(home.redis_url)
    keys = ("plan", "money", "io")
    assert home.until(lambda: not sum(client.llen(key) for key in keys) and not client.hlen("unacked")), (
        "still at it"
    )


def rows(home: House) -> dict[str, tuple[Any, ...]]:
    """Each table's rows as one digest."""
    return {
        table: home.sql(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t.id)) FROM {table} t")[0]
        for table in TABLES
    }


def test_every_task_started_by_hand_changes_nothing_but_what_was_due_anyway() -> None:
    assert {"ops.tick", "ops.work_jobs", "payments.send", "billing.claim_due", "celery.map"} <= set(names())
    with house(servers.given()) as home:
        first = home.subscribe(3)
        second = home.subscribe(3)
        home.staff(money=1, io=1)
        home.make_due(first)
        assert home.settle(), home.verdict()
        # What the timetable would do by itself (numbers, reports) is done before the comparison.
        send_all(home, REAL)
        worked_off(home)
        before = rows(home)

        # Nothing is due: nothing changes.
        sent = send_all(home, JUNK + REAL * 2)
        assert sent >= 250
        worked_off(home)
        assert rows(home) == before
        failed = home.sql("SELECT count(*) FROM django_celery_results_taskresult WHERE status = 'FAILURE'")
        assert failed[0][0] > 50, "junk arrives, is refused and is told"
        assert home.restarts == 0, "no worker fell over"

        # Something is due: it is done once, whoever woke it and how often.
        home.make_due(second)
        send_all(home, JUNK + REAL * 2)
        assert home.settle(), home.verdict()
        worked_off(home)
        verdict = home.verdict()
        assert verdict.holds, verdict
        assert (verdict.succeeded, verdict.payments) == (6, 6), verdict
        assert rows(home) != before, "the digests see what changes"
