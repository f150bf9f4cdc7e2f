"""What a subscription costs does not grow with its age: its history is not read to bill or settle it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from billing.models import Invoice, Subscription
from engine.core import clock, sql
from engine.core.ids import uuid7s
from tests.billing.world import World, invoices

BILLING = str(Path(__file__).parents[2] / "billing" / "collect.py")
HISTORY = 20_000


@pytest.fixture
def old(world: World) -> Subscription:
    """A subscription with a long history of paid invoices, before the draft that waits."""
    made = world.subscription()
    (draft,) = invoices(made)
    Invoice.objects.filter(pk=draft.pk).update(period_no=HISTORY)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE billing_invoice DISABLE TRIGGER USER")  # each was a draft once
        cursor.execute(
            "INSERT INTO billing_invoice (id, subscription_id, customer_id, creator_id, plan_version_id, clock_id,"
            " period_no, period_start, period_end, currency, created_at, state) SELECT h.id, i.subscription_id,"
            " i.customer_id, i.creator_id, i.plan_version_id, i.clock_id, h.no - 1, i.period_start, i.period_end,"
            " i.currency, i.created_at, 'paid' FROM billing_invoice i, unnest(%s::uuid[]) WITH ORDINALITY AS h(id, no)"
            " WHERE i.id = %s",
            [uuid7s(HISTORY), draft.pk],
        )
        cursor.execute("ALTER TABLE billing_invoice ENABLE TRIGGER USER")
        cursor.execute("ANALYZE billing_invoice, billing_subscription")
    return made


def pages(name: str, **params: object) -> int:
    """How many pages a statement reads, as the server counts them."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql.statement(BILLING, name)}", params)
        plan = cursor.fetchone()[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def test_the_draft_of_an_old_subscription_is_found_without_its_history(old: Subscription) -> None:
    now = clock.machine_now() + timedelta(seconds=1)
    assert pages("take_drafts", machine_now=now, ids=None, most=500) < 100


def test_the_debts_of_an_old_subscription_are_counted_without_its_history(old: Subscription) -> None:
    Invoice.objects.filter(next_action_at__isnull=False).update(state="open", next_action_at=None)
    assert pages("count_debts", ids=[old.pk]) < 100
    assert pages("take_open", subscription_id=old.pk, only=None) < 100
