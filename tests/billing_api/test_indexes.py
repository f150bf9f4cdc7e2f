"""Every filter of a list stands on an index: it reads few blocks, also where what it wants is rare and old."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIRequestFactory

from billing.api import lists, rows
from billing.models import Creator, Customer
from engine.rest import pages
from tests.billing_api.conftest import of

ROWS, OLD, MOST_BLOCKS, MOST_BEFORE = 20_000, 200, 90, 400
_ID = "lpad(to_hex({}), 32, '0')::uuid"
# The oldest 100 carry what is rare, the others what is common; each its own number.
_METADATA = """jsonb_build_object('order', n::text, 'tier', CASE WHEN n > 100 THEN 'gold' ELSE 'rare' END)"""
# The oldest 200 are what is rare: of the second creator, past_due, canceled, void, in another currency.
SUBSCRIPTIONS = f"""
INSERT INTO billing_subscription (id, customer_id, creator_id, plan_id, plan_version_id, state, anchor_at, held_code,
                                  metadata, created_at)
SELECT {_ID.format("n")}, {_ID.format("n")}, c.id, p.id, v.id,
       CASE WHEN n > 6000 THEN 'active' WHEN n > {OLD} THEN 'expired'
            WHEN n %% 4 = 0 THEN 'past_due' WHEN n %% 4 = 1 THEN 'canceled'
            WHEN n %% 4 = 2 THEN 'active' ELSE 'paused' END,
       %(at)s, CASE WHEN n %% 5000 = 0 THEN 'catch_up' ELSE '' END, {_METADATA}, %(at)s
  FROM generate_series(1, {ROWS}) n
  JOIN billing_creator c ON c.name = CASE WHEN n > {OLD} THEN 'Ada' ELSE 'Rare' END
  JOIN billing_plan p ON p.creator_id = c.id AND p.number = 1 + n %% 2
  JOIN billing_planversion v ON v.plan_id = p.id
"""
CUSTOMERS = f"""
INSERT INTO billing_customer (id, name, email, wallet, metadata, created_at)
SELECT {_ID.format("n")}, 'c' || n, 'c' || n || '@example.com', 'w' || n, {_METADATA}, %(at)s
  FROM generate_series(1, {ROWS}) n
"""
INVOICES = f"""
INSERT INTO billing_invoice (id, subscription_id, customer_id, creator_id, plan_version_id, period_no, period_start,
                             period_end, state, series, number, currency, created_at)
SELECT {_ID.format("n")}, s.id, s.customer_id, s.creator_id, s.plan_version_id, 0, %(at)s, %(at)s,
       CASE WHEN n > {OLD} THEN 'paid' WHEN n %% 4 = 0 THEN 'void' WHEN n %% 4 = 1 THEN 'uncollectible'
            WHEN n %% 4 = 2 THEN 'open' ELSE 'draft' END,
       'INV-', n, CASE WHEN n > {OLD} THEN 'USDC' ELSE 'SOL' END, %(at)s
  FROM generate_series(1, {ROWS}) n JOIN billing_subscription s ON s.id = {_ID.format("n")}
"""
PLANS = f"""
INSERT INTO billing_plan (id, creator_id, number, name, active, metadata, created_at)
SELECT {_ID.format("n")}, c.id, 10 + n, 'p' || n, n > 5, {_METADATA}, %(at)s
  FROM generate_series(1, {ROWS}) n JOIN billing_creator c ON c.name = 'Ada'
"""
VERSIONS = """
INSERT INTO billing_planversion (id, plan_id, no, price_minor, currency, interval_unit, interval_count, created_at)
SELECT id, id, 1, 1, 'USDC', 'month', 1, created_at FROM billing_plan WHERE number > 10
"""


@pytest.fixture
def full(committed_world):
    """Tables that are large enough for the planner to mind, in a database of their own: what other tests rolled
    back lies dead in the shared one's.
    """
    world = committed_world
    rare = Creator.objects.create(
        id=UUID("ffffffff-0000-7000-8000-000000000001"),
        name="Rare",
        wallet="rare",
        created_at=world.creator.created_at,
    )
    world.another_plan()
    for number in (1, 2):
        world.another_plan(creator_id=rare.pk, number=number)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # nothing is born canceled
        for statement in (CUSTOMERS, SUBSCRIPTIONS, INVOICES, PLANS, VERSIONS):
            cursor.execute(statement, {"at": world.creator.created_at})
    with connection.cursor() as cursor:
        cursor.execute("SET default_statistics_target = 2000")  # all rows: no plan hangs on a sample
        for table in ("customer", "subscription", "invoice", "plan", "planversion"):
            # What tests before this one deleted lies at the end of each index until it is swept out.
            cursor.execute(f"VACUUM (ANALYZE) billing_{table}")
        cursor.execute("RESET default_statistics_target")
    return rare


def blocks(found) -> int:
    """How many blocks the query of a page reads."""
    try:
        return _blocks(*found.query.sql_with_params())
    except EmptyResultSet:  # of no ids: nothing is asked
        return 0


def _blocks(statement: str, params=None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT JSON) {statement}", params)
        (((plan, *_),),) = cursor.fetchall()
    plan = plan if isinstance(plan, dict) else json.loads(plan)[0]
    return plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]


def read(query: str, shape, which) -> int:
    """Blocks that `which` reads for the query's page, or, if they are far more, to find what has some metadata before.

    Of that up to FEW ids are read, by the one index or along the other as the planner likes: not whole tables, which
    have over a thousand blocks.
    """
    request = APIRequestFactory().get(f"/?{query}")
    asked = shape(data=dict(request.GET.items()))
    asked.is_valid(raise_exception=True)
    with CaptureQueriesContext(connection) as before:
        found = pages.sliced(which(asked.validated_data), asked.validated_data)
    each = [_blocks(one["sql"]) for one in before.captured_queries if "metadata" in query]
    return max(blocks(found), *(count for count in each if count > MOST_BEFORE), 0)


def test_every_filter_reads_few_blocks(full, committed_world):
    world = committed_world
    rare, plan = of("creator", full), of("plan", full.plans.get(number=1))
    big, old = of("creator", world.creator), f"{7:032x}"
    page = "&after=AAAAAAAAAAAAAAAAAAAAAw"
    tried = {
        (lists.SubscriptionQuery, lists.subscriptions): [
            "", "ordering=created", f"customer={old}", f"customer={old}&state=past_due", "customer_wallet=w7",
            f"plan={plan}", f"plan={plan}&state=active", f"plan={plan}&ordering=created{page}", f"creator={rare}",
            f"creator={rare}&state=active", f"creator={rare}&state=paused", f"creator={big}", "creator_wallet=rare",
            "creator_wallet=rare&plan_number=2", "customer_wallet=w7&creator_wallet=rare&plan_number=1",
            "held=true", f"held=true&creator={big}", "state=active", "state=past_due", "state=canceled",
            "state=incomplete", "state=paused&ordering=created", f"creator={rare}&held=true",
            "metadata[order]=7", "metadata[tier]=rare", "metadata[tier]=rare&ordering=created", "metadata[tier]=gold",
            "metadata[tier]=gold&metadata[order]=19000", "metadata[tier]=nobody", f"metadata[tier]=rare{page}",
            f"creator={rare}&metadata[tier]=rare", f"creator={rare}&metadata[tier]=gold",
            f"plan={plan}&metadata[order]=8", f"creator={big}&metadata[tier]=gold",
            f"customer={old}&metadata[tier]=rare",
        ],
        (lists.InvoiceQuery, lists.invoices): [
            "", f"customer={old}", f"customer={old}&currency=SOL", f"subscription={old}", "state=paid", "state=void",
            "state=uncollectible", "state=open", "state=draft", "number=INV-7", "number=INV-7&currency=SOL",
            f"subscription={old}&state=void",
            f"customer={old}&creator={rare}", f"subscription={old}&creator={big}",
        ],
        (lists.CustomerQuery, lambda asked: lists.parties(Customer, asked)): [
            "", "email=c7@example.com", "wallet=w7", "wallet=w7&email=c7@example.com", "wallet=nobody",
            "metadata[order]=7", "metadata[tier]=rare", "metadata[tier]=gold", "wallet=w7&metadata[tier]=gold",
        ],
        (lists.PlanQuery, lists.plans): [
            "", f"creator={rare}", "number=12", "active=false", "active=true", f"creator={big}&number=12",
            "metadata[order]=7", "metadata[tier]=rare", "metadata[tier]=gold&active=true",
            f"creator={big}&metadata[tier]=rare",
        ],
    }  # fmt: skip
    found = {
        f"{shape.__name__} {query}": count
        for (shape, which), queries in tried.items()
        for query in queries
        if (count := read(query, shape, which)) > MOST_BLOCKS
    }
    assert not found
    asked = {"ordering": "-created", "limit": 20}
    assert len(lists._of_creators([full.pk], asked)) == 21
    each = pages.sliced(rows.subscriptions().filter(plan=full.plans.get(number=1)).values("pk"), asked)
    assert blocks(each) <= MOST_BLOCKS
