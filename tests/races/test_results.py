"""What a batch task leaves behind: one result row with counts, made by a real worker; a tick leaves none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import Celery

from sandbox.live import servers
from sandbox.live.house import House, house

pytestmark = pytest.mark.live
FAILED = """
SELECT result, traceback FROM django_celery_results_taskresult
 WHERE task_name = 'billing.number_invoices' AND status = 'FAILURE' LIMIT 1
"""


@pytest.fixture(scope="module")
def home() -> Iterator[House]:
    """Workers and a real beat."""
    with house(servers.given()) as made:
        made.subscribe(3)
        made.staff(money=1, io=1)
        made.start("beat", "beat")
        yield made


def _ran(home: House, task: str) -> bool:
    return bool(
        home.sql("SELECT 1 FROM django_celery_results_taskresult WHERE task_name = %(t)s", {"t": task})
    )


def test_a_real_worker_leaves_one_row_per_batch_task_and_none_for_a_tick(home: House) -> None:
    home.make_due()
    assert home.settle(), home.verdict()
    assert home.until(lambda: _ran(home, "billing.claim_due")), "beat's own cycle left no row"
    rows = home.sql("SELECT task_id, task_name, status, result FROM django_celery_results_taskresult")
    names = {name for _, name, _, _ in rows}
    assert {"billing.claim_due", "payments.send", "payments.verify", "payments.apply"} <= names
    assert "ops.tick" not in names
    assert len({task_id for task_id, *_ in rows}) == len(rows)
    assert {status for _, _, status, _ in rows} == {"SUCCESS"}
    sent = [result for _, name, _, result in rows if name == "payments.send"]
    assert all("sent" in result for result in sent)
    idle = [result for _, name, _, result in rows if name == "payments.send" and '"sent": 0' in result]
    assert idle == [], "a wake-up that found nothing leaves no row"


def test_a_task_that_failed_is_kept_with_its_traceback(home: House) -> None:
    """Row 1.7: what went wrong, and where, stays to be read. The last one here: what it breaks stays broken."""
    home.sql("ALTER TABLE billing_numberseries RENAME TO billing_numberseries_away")
    home.sql("ALTER TABLE billing_invoice RENAME COLUMN series TO series_away")
    with Celery("drill", broker=home.redis_url, set_as_current=False) as app:
        app.send_task("billing.number_invoices", queue="plan", retry=False)
    assert home.until(lambda: bool(home.sql(FAILED)))
    ((result, traceback),) = home.sql(FAILED)
    assert "ProgrammingError" in result
    assert "billing/numbering.py" in traceback and "series" in traceback
