"""The lists stay quick at a million rows: a bounded number of queries, and none that reads a table to its end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.models import Customer
from payments.models import Attempt
from tests import pages
from tests.house import tree
from tests.ops.admin_pages import bare, client_of, url

GROWING = (
    "payments_payment", "payments_attempt", "payments_evidence", "billing_invoice", "billing_invoiceline",
    "billing_subscription", "billing_customer", "payments_paymentmethod", "engine_outbox_event",
    "engine_ledger_transfer", "engine_ledger_account", "engine_audit_entry", "payments_case",
)  # fmt: skip
MOST_QUERIES = 12
# Which of two tables of a dozen rows is read first hangs on estimates; that one reads few blocks is held where
# there are many (tests/payments_api/test_indexes.py).
JOINED = "state=unknown"
# A dozen rows cost next to nothing whichever way: each counts as if it were many.
PLANNER = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "cpu_tuple_cost": 1000,
}
SCANS = ("Index Scan", "Index Only Scan", "Bitmap Index Scan", "Seq Scan")
# What narrows a list beside the default order, per page.
NARROWED = {
    "payments_payment": ("state=parked", "state=unknown", "state=failed", "state=failed_today", "state=canceled",
                         "state=for_funds", "state=scheduled", "state=in_flight", "made=-7", "p=3",
                         "provider=scripted", "state=failed&provider=scripted", "state=parked&provider=scripted"),
    "payments_attempt": ("state__exact=declined", "state__exact=unknown", "made=2026-11"),
    "payments_evidence": ("applied_at__isempty=1", "made=-30"),
    "payments_case": ("closed_at__isempty=1", "made=-7"),
    "billing_subscription": ("state=paused", "state=canceled", "state=held", "state=past_due", "due=0", "due=24",
                             "due=168"),
    "billing_invoice": ("state=open", "state=failed", "state=held", "state=void"),
    "engine_outbox_event": ("dispatched=no", "made=-7"),
    "engine_audit_entry": ("made=-7",),
    "engine_ledger_account": ("kind=receivable", "kind=clearing", "kind=suspense"),
    "engine_ledger_transfer": ("debit__id__exact=1", "credit__id__exact=1", "made=-7"),
}  # fmt: skip


@pytest.fixture
def viewer(standing_payments) -> Client:
    with connection.cursor() as cursor:
        # Autovacuum may have seen these tables empty: then every way of reading them costs the same.
        for table in GROWING:
            cursor.execute(f"ANALYZE {table}")
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


def test_a_list_asks_little_and_reads_no_table_to_its_end(viewer, monkeypatch):
    bare(monkeypatch)
    lists = [(table, each) for table in GROWING for each in ("", *NARROWED.get(table, ()))]
    for table, narrowed in lists:
        statements = asked(viewer, f"{url(table)}?{narrowed}")
        assert len(statements) <= MOST_QUERIES, (table, narrowed)
        tree.none_of(whole_reads(statements), f"An index, or no such filter ({table} {narrowed}):")
        of_rows = [each for each in statements if f'FROM "{table}"' in each and " WHERE " in each]
        unordered = [
            re.sub(r" ORDER BY (?!.* ORDER BY ).*", "", each) for each in of_rows if narrowed != JOINED
        ]
        tree.none_of(walks(unordered), f"No index narrows it, it is walked backwards ({table} {narrowed}):")
        assert not [each for each in statements if re.search(r"COUNT\(|DISTINCT", each)], (table, narrowed)


def test_a_search_goes_by_index(viewer, monkeypatch):
    bare(monkeypatch)
    attempt, customer = Attempt.objects.first(), Customer.objects.first()
    Customer.objects.filter(pk=customer.pk).update(email="ada@example.com")
    words = (attempt.payment_id, f"pay_{attempt.payment_id.hex}", attempt.identity, customer.pk, customer.wallet,
             "ada@example.com", "INV17", "nonsense", UUID(int=5))  # fmt: skip
    for table, term in product(GROWING, words):
        statements = asked(viewer, f"{url(table)}?q={term}")
        tree.none_of(unbounded(statements), f"Found without an index ({table} {term}):")


def unbounded(statements: list[str]) -> list[str]:
    """Scans of a growing table that an index does not narrow: not even a partial one may be read whole."""
    # In a table of eight rows the newest first may come by the primary key, whatever index there is.
    return [said for said, _ in scans(each for each in statements if "ORDER BY" not in each)]


def walks(statements: list[str]) -> list[str]:
    """The same, but that a partial index may be read whole: it holds what is rare.

    Of statements without their order and their end: with them a walk along the primary key looks cheap to the
    planner in eight rows, and is the whole table where what is wanted is rare.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL")
        partial = {name for (name,) in cursor.fetchall()}
    return [said for said, index in scans(statements) if index not in partial]


def scans(statements: Iterable[str]) -> list[tuple[str, str]]:
    """(what it is, the index) of each scan of a growing table without a condition on an index."""
    found = []
    with connection.cursor() as cursor:
        for name, value in PLANNER.items():
            cursor.execute(f"SET LOCAL {name} = {value}")
        for statement in statements:
            if statement.startswith("SELECT"):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
                for node in nodes(cursor.fetchone()[0][0]["Plan"]):
                    of_ours = node.get("Relation Name", GROWING[0]) in GROWING
                    if node["Node Type"] in SCANS and "Index Cond" not in node and of_ours:
                        index = node.get("Index Name", "")
                        found.append((f"{node['Node Type']} {index}: {statement[:300]}", index))
        for name in PLANNER:
            cursor.execute(f"RESET {name}")
    return found


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def test_the_first_page_reads_by_index(viewer):
    statements = asked(viewer, "/admin/")
    tree.none_of(whole_reads(statements), "A number of the first page reads a whole table:")
    assert len(statements) <= 21


def test_every_row_s_page_asks_little(viewer):
    for model in pages.registered():
        table = f"{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.first() if model in apps.get_models() else None
        if row is not None and table in GROWING:
            statements = asked(viewer, url(table, row.pk, "change"))
            assert len(statements) <= 25, table
            tree.none_of(whole_reads(statements), f"The page of a {table} reads a whole table:")
