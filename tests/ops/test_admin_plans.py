"""The lists stay quick at a million rows: a bounded number of queries, and none that reads a table to its end."""

from __future__ import annotations

import re
from itertools import product
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.models import Customer
from payments.models import Attempt
from tests.house import tree
from tests.ops.admin_pages import client_of, url
from tests.ops.world import fill

GROWING = (
    "payments_payment", "payments_attempt", "payments_evidence", "billing_invoice", "billing_invoiceline",
    "billing_subscription", "billing_customer", "payments_paymentmethod", "engine_outbox_event",
    "engine_ledger_transfer", "engine_ledger_account", "engine_audit_entry", "payments_case",
)  # fmt: skip
MOST_QUERIES = 12
# What narrows a list beside the default order, per page.
NARROWED = {
    "payments_payment": ("state=parked", "state=unknown", "state=failed", "state=failed_today", "state=canceled",
                         "state=for_funds", "state=scheduled", "state=in_flight", "made=-7", "p=3"),
    "payments_attempt": ("state__exact=declined", "state__exact=unknown", "made=2026-11"),
    "payments_evidence": ("applied_at__isempty=1", "made=-30"),
    "billing_subscription": ("state=paused", "state=canceled", "state=held", "state=past_due", "due=24"),
    "billing_invoice": ("state=open", "state=failed", "state=held", "state=void"),
    "engine_outbox_event": ("dispatched=no", "made=-7"),
    "engine_audit_entry": ("made=-7",),
}  # fmt: skip


@pytest.fixture
def viewer(world, scripted, settings) -> Client:
    settings.WHITENOISE_AUTOREFRESH = True
    fill(world, scripted)
    return client_of("viewer")


def asked(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as found:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in found]


def whole_reads(statements: list[str]) -> list[str]:
    """Growing tables that PostgreSQL can only read from end to end, whatever the planner is told."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement in statements:
            if statement.startswith("SELECT"):
                cursor.execute(f"EXPLAIN {statement}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
                found += [f"{table}: {statement[:300]}" for table in re.findall(r"Seq Scan on (\w+)", plan)
                          if table in GROWING]  # fmt: skip
        cursor.execute("SET LOCAL enable_seqscan = on")
    return found


def test_a_list_asks_little_and_reads_no_table_to_its_end(viewer):
    lists = [(table, each) for table in GROWING for each in ("", *NARROWED.get(table, ()))]
    for table, narrowed in lists:
        statements = asked(viewer, f"{url(table)}?{narrowed}")
        assert len(statements) <= MOST_QUERIES, (table, narrowed)
        tree.none_of(whole_reads(statements), f"An index, or no such filter ({table} {narrowed}):")
        assert not [each for each in statements if re.search(r"COUNT\(|DISTINCT", each)], (table, narrowed)


def test_a_search_goes_by_index(viewer):
    attempt, customer = Attempt.objects.first(), Customer.objects.first()
    Customer.objects.filter(pk=customer.pk).update(email="ada@example.com")
    words = (attempt.payment_id, f"pay_{attempt.payment_id.hex}", attempt.identity, customer.pk, customer.wallet,
             "ada@example.com", "INV17", "nonsense", UUID(int=5))  # fmt: skip
    for table, term in product(GROWING, words):
        statements = asked(viewer, f"{url(table)}?q={term}")
        tree.none_of(unbounded(statements), f"Found without an index ({table} {term}):")


def unbounded(statements: list[str]) -> list[str]:
    """Scans of a growing table that an index does not narrow: not even a partial one may be read whole."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement in statements:
            # In a table of eight rows the newest first may come by the primary key, whatever index there is.
            if statement.startswith("SELECT") and "ORDER BY" not in statement:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
                plans = [cursor.fetchone()[0][0]["Plan"]]
                while plans:
                    plan = plans.pop()
                    plans += plan.get("Plans", [])
                    scans = plan["Node Type"] in (
                        "Index Scan",
                        "Index Only Scan",
                        "Bitmap Index Scan",
                        "Seq Scan",
                    )
                    if (
                        scans
                        and "Index Cond" not in plan
                        and plan.get("Relation Name", GROWING[0]) in GROWING
                    ):
                        found.append(f"{plan['Node Type']} {plan.get('Index Name', '')}: {statement[:300]}")
        cursor.execute("SET LOCAL enable_seqscan = on")
    return found


def test_the_first_page_reads_by_index(viewer):
    statements = asked(viewer, "/admin/")
    tree.none_of(whole_reads(statements), "A number of the first page reads a whole table:")
    assert len(statements) <= 20


def test_every_row_s_page_asks_little(viewer):
    for model in admin.site._registry:
        table = f"{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.first() if model in apps.get_models() else None
        if row is not None and table in GROWING:
            statements = asked(viewer, url(table, row.pk, "change"))
            assert len(statements) <= 25, table
            tree.none_of(whole_reads(statements), f"The page of a {table} reads a whole table:")
