"""Every filter of payments and cases stands on an index: few blocks, also where what it wants is rare and old."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.owed import sources_of
from engine.core import clock
from engine.rest import pages
from payments.api import lists
from payments.models import Attempt, Case, Payment

ROWS, OLD, MOST_BLOCKS, MOST_OF_MANY = 20_000, 200, 90, 5 * pages.FEW
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
# What half of the payments are for is of one subscription, the oldest five of another.
INVOICES = f"""
INSERT INTO billing_invoice (id, subscription_id, customer_id, creator_id, plan_version_id, period_no, period_start,
                             period_end, state, currency, created_at)
SELECT {_ID.format("n")}, c.of, c.of, c.of, c.of, n, %(at)s, %(at)s, 'paid', 'USDC', %(at)s
  FROM generate_series(1, {ROWS}) n,
       LATERAL (SELECT {_ID.format("CASE WHEN n <= 5 THEN 1 WHEN n %% 2 = 0 THEN 2 ELSE n END")} AS of) c
"""
METHODS = f"""
INSERT INTO payments_paymentmethod (id, customer_id, provider, currency, details, metadata, created_at)
SELECT {_ID.format("n")}, {_ID.format("n %% 7")}, 'solana_delegate', 'USDC', '{{}}',
       jsonb_build_object('order', n::text, 'tier', CASE WHEN n > 100 THEN 'gold' ELSE 'rare' END), %(at)s
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
        for statement in (PAYMENTS, ATTEMPTS, CASES, INVOICES, METHODS):
            cursor.execute(statement, {"at": clock.machine_now()})
        for table in ("payments_payment", "payments_attempt", "payments_case", "billing_invoice",
                      "payments_paymentmethod"):  # fmt: skip
            cursor.execute(f"ANALYZE {table}")
        cursor.execute("SELECT gin_clean_pending_list('methods_by_metadata')")
        cursor.execute("SET LOCAL session_replication_role = origin")


def blocks(which, **asked) -> int:
    """Blocks that a page reads, or, if they are more, a query that it needs before; once a first look has marked
    what other tests rolled back.
    """
    asked = {"limit": 20, "ordering": "-created", **asked}
    list(pages.sliced(which(asked), asked))
    with CaptureQueriesContext(connection) as queries:
        list(pages.sliced(which(asked), asked))
    return max(map(_blocks, [each["sql"] for each in queries.captured_queries]))


def _blocks(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT JSON) {statement}")
        (((plan, *_),),) = cursor.fetchall()
    plan = plan if isinstance(plan, dict) else json.loads(plan)[0]
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


_SOURCE = "inv_" + f"{ROWS // 2:032x}"
FILTERS = [
    {}, {"state": "succeeded"}, {"state": "scheduled"}, {"state": "in_flight"}, {"state": "failed"},
    {"state": "canceled"}, {"state": "succeeded_late"}, {"state": "reversed"}, {"parked": "true"}, {"unknown": "true"},
    {"source": _SOURCE}, {"state": "failed", "provider": "nobody"}, {"parked": "true", "provider": "nobody"},
    {"state": "failed", "currency": "SOL"}, {"unknown": "true", "currency": "SOL"},
    {"subscription": UUID(int=1)}, {"customer": UUID(int=1)}, {"subscription": UUID(int=17)},
    {"subscription": UUID(int=1), "customer": UUID(int=1), "state": "failed", "currency": "SOL"},
    {"customer": UUID(int=1), "payment_method": UUID(int=2)}, {"subscription": UUID(int=ROWS + 1)},
]  # fmt: skip
METHODS_BY = [
    {}, {"customer": UUID(int=3)}, {"metadata": {"tier": "rare"}}, {"metadata": {"tier": "gold"}},
    {"metadata": {"tier": "gold", "order": "19000"}}, {"metadata": {"order": "7"}, "customer": UUID(int=0)},
]  # fmt: skip


def test_every_filter_reads_few_blocks(full):
    """One test: what another one rolls back would still lie in the indexes."""
    assert Payment.objects.count() == Attempt.objects.count() == Case.objects.count() == ROWS
    read = {
        f"{asked} {ordering}": blocks(
            lambda asked: lists.payments(asked, sources_of), **asked, ordering=ordering
        )
        for asked in FILTERS
        for ordering in ("-created", "created")
    }
    read |= {state: blocks(lists.cases, state=state) for state in ("open", "all", "closed")}
    read |= {f"methods {asked}": blocks(lists.methods, **asked) for asked in METHODS_BY}
    assert {name: count for name, count in read.items() if count > MOST_BLOCKS} == {}
    for many in (
        {"subscription": UUID(int=2)},
        {"customer": UUID(int=2)},
    ):  # owe half of all: a look at some is enough
        assert blocks(lambda asked: lists.payments(asked, sources_of), **many) <= MOST_OF_MANY
