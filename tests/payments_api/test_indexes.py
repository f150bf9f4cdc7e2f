"""Every filter of payments and cases stands on an index: few blocks, also where what it wants is rare and old."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from engine.core import clock
from engine.rest import pages
from payments.api import lists
from payments.models import Attempt, Case, Payment

ROWS, OLD, MOST_BLOCKS = 20_000, 200, 90
_ID = "lpad(to_hex({}), 32, '0')::uuid"
# The oldest 200 are what is rare: in flight, scheduled, failed, parked, of another method.
PAYMENTS = f"""
INSERT INTO payments_payment (id, operation, provider, source_kind, source_id, method_id, queue_key, due_at,
                              grace_until, settlement, currency, amount_minor, instructions, accounts, state,
                              created_at, ended_at, parked_at)
SELECT {_ID.format("n")}, 'charge', 'solana_delegate', 'invoice', {_ID.format("n")}, {_ID.format("n %% 7")},
       {_ID.format("n %% 7")}, %(at)s, %(at)s, 'direct', 'USDC', 1000, '{{}}', '{{}}',
       CASE WHEN n > {OLD} THEN 'succeeded' WHEN n %% 4 = 0 THEN 'scheduled' WHEN n %% 4 = 1 THEN 'in_flight'
            WHEN n %% 4 = 2 THEN 'failed' ELSE 'succeeded_late' END,
       %(at)s, CASE WHEN n > {OLD} OR n %% 4 > 1 THEN %(at)s END, CASE WHEN n < 50 THEN %(at)s END
  FROM generate_series(1, {ROWS}) n
"""
ATTEMPTS = f"""
INSERT INTO payments_attempt (id, payment_id, seq, provider, identity, envelope, data, state, fence, send_by,
                              created_at)
SELECT {_ID.format("n")}, {_ID.format("n")}, 1, 'solana_delegate', 'sig' || n, '', '{{}}',
       CASE WHEN n > {OLD} THEN 'succeeded' WHEN n %% 4 = 1 THEN 'unknown' ELSE 'declined' END, 1, %(at)s, %(at)s
  FROM generate_series(1, {ROWS}) n
"""
CASES = f"""
INSERT INTO payments_case (id, kind, payment_id, attempt_id, sentence, opened_at, closed_at)
SELECT {_ID.format("n")}, 'seen', {_ID.format("n")}, {_ID.format("n")}, 's', %(at)s, CASE WHEN n > 5 THEN %(at)s END
  FROM generate_series(1, {ROWS}) n
"""


@pytest.fixture
def full(db):
    """Tables that are large enough for the planner to mind."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in (PAYMENTS, ATTEMPTS, CASES):
            cursor.execute(statement, {"at": clock.machine_now()})
        for table in ("payment", "attempt", "case"):
            cursor.execute(f"ANALYZE payments_{table}")
        cursor.execute("SET LOCAL session_replication_role = origin")


def blocks(found) -> int:
    """Blocks that a page of it reads, once a first look has marked what other tests rolled back."""
    list(found)
    told = json.loads(found.explain(analyze=True, buffers=True, format="json"))[0]["Plan"]
    return int(told["Shared Hit Blocks"] + told["Shared Read Blocks"])


def page(rows, **asked):
    return pages.sliced(rows, {"limit": 20, "ordering": "-created", **asked})


_SOURCE = "inv_" + f"{ROWS // 2:032x}"
FILTERS = [
    {}, {"state": "succeeded"}, {"state": "scheduled"}, {"state": "in_flight"}, {"state": "failed"},
    {"state": "canceled"}, {"state": "succeeded_late"}, {"state": "reversed"}, {"parked": "true"}, {"unknown": "true"},
    {"source": _SOURCE}, {"state": "failed", "provider": "nobody"}, {"parked": "true", "provider": "nobody"},
    {"state": "failed", "currency": "SOL"}, {"unknown": "true", "currency": "SOL"},
]  # fmt: skip


def test_every_filter_reads_few_blocks(full):
    """One test: what another one rolls back would still lie in the indexes."""
    assert Payment.objects.count() == Attempt.objects.count() == Case.objects.count() == ROWS
    read = {
        f"{asked} {ordering}": blocks(page(lists.payments(asked), ordering=ordering))
        for asked in FILTERS
        for ordering in ("-created", "created")
    }
    read |= {state: blocks(page(lists.cases({"state": state}))) for state in ("open", "all", "closed")}
    assert {name: count for name, count in read.items() if count > MOST_BLOCKS} == {}
