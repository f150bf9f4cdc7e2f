"""Subscriptions by the million, into the product's own tables with all their indexes and constraints.

Rows are written by INSERT ... SELECT with triggers off (session_replication_role), then analyzed. Ids are
counted up, as uuid7s are. Each subscription has a customer, a payment method, a paid invoice behind it and
its customer's ledger accounts, so that what is measured is a renewal and not a first payment.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import psycopg

CREATORS = 100
PRICE = 1000
DETAILS = ({"fee_wallet": "platform"},)  # no source of its own: each method is one
ACCOUNTS_FROM = 7_000_000_000_000  # told apart from every other number in a captured statement
CUSTOMER, CREATOR, PLAN, VERSION, METHOD, SUBSCRIPTION, INVOICE = (f"0190000{n}" for n in range(1, 8))
# Younger than their invoices.
PAYMENT, ATTEMPT, EVIDENCE, EVENT, LINE, TRANSFER = (f"019100{n}0" for n in range(1, 7))
FAILED_EVERY = 1000  # payments


def uid(kind: str, number: str) -> str:
    """SQL of the id of the `number`-th (an SQL expression) row of a kind."""
    return f"('{kind}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def _plans(wallet: str, currency: str) -> list[str]:
    every = f"FROM generate_series(0, {CREATORS - 1}) AS i"
    return [
        f"SELECT setval(pg_get_serial_sequence('engine_ledger_account', 'id'), {ACCOUNTS_FROM})",
        "INSERT INTO billing_creator (id, name, wallet, fee_bps, metadata, created_at) "
        f"SELECT {uid(CREATOR, 'i')}, 'creator ' || i, '{wallet}', 250, '{{}}', machine_now() {every}",
        "INSERT INTO billing_plan (id, creator_id, number, name, metadata, created_at) "
        f"SELECT {uid(PLAN, 'i')}, {uid(CREATOR, 'i')}, 1, 'plan ' || i, '{{}}', machine_now() {every}",
        "INSERT INTO billing_planversion (id, plan_id, no, price_minor, currency, interval_unit, interval_count, "
        f"created_at) SELECT {uid(VERSION, 'i')}, {uid(PLAN, 'i')}, 1, {PRICE}, '{currency}', 'day', 30, machine_now() "
        f"{every}",
        "INSERT INTO engine_ledger_account (kind, currency, owner_id) "
        f"SELECT kind, '{currency}', {uid(CREATOR, 'i')} {every}, unnest(ARRAY['billed', 'settled_direct']) AS kind",
    ]


def plans(url: str, *, wallet: str = "payee", currency: str = "USDC") -> None:
    """The creators with one plan each. Writes."""
    _run(url, _plans(wallet, currency))


def subscriptions(
    url: str,
    first: int,
    count: int,
    *,
    provider: str,
    details: Sequence[dict[str, Any]] = DETAILS,
    currency: str = "USDC",
) -> None:
    """Subscriptions `first` to `first + count - 1`, none of them due for a month. Writes and analyzes."""
    every = f"FROM generate_series({first}, {first + count - 1}) AS i"
    plan = f"mod(i, {CREATORS})"
    _run(url, [
        "INSERT INTO billing_customer (id, name, metadata, created_at) "
        f"SELECT {uid(CUSTOMER, 'i')}, 'customer ' || i, '{{}}', machine_now() {every}",
        "INSERT INTO payments_paymentmethod (id, customer_id, provider, currency, details, state, created_at) "
        f"SELECT {uid(METHOD, 'i')}, {uid(CUSTOMER, 'i')}, '{provider}', '{currency}', "
        f"('{json.dumps(list(details))}'::jsonb) -> mod(i, {len(details)})::int, 'active', machine_now() {every}",
        "INSERT INTO billing_subscription (id, customer_id, creator_id, plan_id, plan_version_id, method_id, state, "
        "anchor_at, period_no, next_due_at, payments_made, created_at) "
        f"SELECT {uid(SUBSCRIPTION, 'i')}, {uid(CUSTOMER, 'i')}, {uid(CREATOR, plan)}, {uid(PLAN, plan)}, "
        f"{uid(VERSION, plan)}, {uid(METHOD, 'i')}, 'active', day - interval '30 days', 1, day, 1, machine_now() "
        f"FROM (SELECT i, machine_now() + make_interval(days => 1 + mod(i, 28)::int) AS day {every}) each",
        "INSERT INTO billing_invoice (id, subscription_id, customer_id, creator_id, plan_version_id, period_no, "
        "period_start, period_end, state, series, number, currency, due_minor, collected_minor, payments_made, "
        "created_at, issued_at, paid_at) "
        f"SELECT {uid(INVOICE, 'i')}, {uid(SUBSCRIPTION, 'i')}, {uid(CUSTOMER, 'i')}, {uid(CREATOR, plan)}, "
        f"{uid(VERSION, plan)}, 0, day - interval '30 days', day, 'paid', 'OLD-', i + 1, '{currency}', {PRICE}, "
        f"{PRICE}, 1, day - interval '30 days', day - interval '30 days', day - interval '30 days' "
        f"FROM (SELECT i, machine_now() + make_interval(days => 1 + mod(i, 28)::int) AS day {every}) each",
        "INSERT INTO billing_numberseries (series, last) VALUES ('OLD-', "
        f"{first + count}) ON CONFLICT (series) DO UPDATE SET last = excluded.last",
        "INSERT INTO engine_ledger_account (kind, currency, owner_id) SELECT kind, '{currency}', "
        f"{uid(CUSTOMER, 'i')} {every}, unnest(ARRAY['receivable', 'unapplied']) AS kind",
    ])  # fmt: skip


def history(url: str, first: int, count: int, *, subscriptions: int) -> None:
    """Paid periods `first` to `first + count - 1`, dealt out to that many subscriptions: for each an invoice with its
    line and number, a payment with its attempt and evidence, and an event. One in FAILED_EVERY failed. Writes.
    """
    every = f"FROM generate_series({first}, {first + count - 1}) AS i"
    of, ago = f"mod(i, {subscriptions})", f"make_interval(secs => ({first + count} - i) * 60)"
    at = f"(SELECT i, machine_now() - interval '1 hour' - {ago} AS at, mod(i, {FAILED_EVERY}) = 7 AS bad {every}) each"
    number, plan = f"{subscriptions} + i", f"mod({of}, {CREATORS})"
    why = "CASE WHEN bad THEN '{}' ELSE '' END"
    failed = ", ".join(
        why.format(word) for word in ("insufficient_funds", "insufficient_funds", "Too little.")
    )
    paid = f"CASE WHEN bad THEN 0 ELSE {PRICE} END"
    _run(url, [
        "INSERT INTO billing_invoice (id, subscription_id, customer_id, creator_id, plan_version_id, period_no, "
        "period_start, period_end, state, series, number, currency, due_minor, collected_minor, payments_made, "
        "created_at, issued_at, paid_at) "
        f"SELECT {uid(INVOICE, number)}, {uid(SUBSCRIPTION, of)}, {uid(CUSTOMER, of)}, {uid(CREATOR, plan)}, "
        f"{uid(VERSION, plan)}, 1 + i / {subscriptions}, at, at + interval '30 days', "
        f"CASE WHEN bad THEN 'open' ELSE 'paid' END, 'INV-', i + 1, 'USDC', {PRICE}, {paid}, 1, at, at, at FROM {at}",
        "INSERT INTO billing_invoiceline (id, invoice_id, no, description, quantity, unit_minor, amount_minor) "
        f"SELECT {uid(LINE, 'i')}, {uid(INVOICE, number)}, 1, 'a period', 1, {PRICE}, {PRICE} {every}",
        "INSERT INTO payments_payment (id, operation, provider, source_kind, source_id, method_id, queue_key, due_at, "
        "grace_until, settlement, currency, amount_minor, fee_minor, state, settled_minor, failure_class, "
        "failure_code, failure_message, instructions, accounts, created_at, ended_at) "
        f"SELECT {uid(PAYMENT, 'i')}, 'charge', 'instant', 'invoice', {uid(INVOICE, number)}, {uid(METHOD, of)}, "
        f"{uid(METHOD, of)}, at, at, 'direct', 'USDC', {PRICE}, 25, "
        f"CASE WHEN bad THEN 'failed' ELSE 'succeeded' END, {paid}, {failed}, '{{}}', '{{}}', at, "
        f"at + interval '2 seconds' FROM {at}",
        "INSERT INTO payments_attempt (id, payment_id, seq, provider, identity, envelope, data, state, fence, send_by, "
        "failure_class, failure_code, failure_message, created_at, resolved_at) "
        f"SELECT {uid(ATTEMPT, 'i')}, {uid(PAYMENT, 'i')}, 1, 'instant', 'identity-' || i, '\\x00', '{{}}', "
        f"CASE WHEN bad THEN 'declined' ELSE 'succeeded' END, i, at, {failed}, at, at + interval '1 second' FROM {at}",
        "INSERT INTO payments_evidence (id, attempt_id, payment_id, source, send_no, outcome, failure_class, code, "
        "message, movement_id, gross_minor, currency, fee_minor, detail, observed_at, applied_at, verdict) "
        f"SELECT {uid(EVIDENCE, 'i')}, {uid(ATTEMPT, 'i')}, {uid(PAYMENT, 'i')}, 'reply', 1, "
        f"CASE WHEN bad THEN 'declined' ELSE 'succeeded' END, {failed}, 'movement-' || i, {paid}, 'USDC', 25, '{{}}', "
        f"at, at, 'applied' FROM {at}",
        "INSERT INTO engine_outbox_event (id, type, object_kind, object_id, seq, occurred_at, created_at, payload, "
        f"dispatched_at) SELECT {uid(EVENT, 'i')}, 'payment.succeeded', 'payment', {uid(PAYMENT, 'i')}, 3, at, at, "
        f"jsonb_build_object('amount_minor', {PRICE}, 'currency', 'USDC', 'state', 'succeeded'), at FROM {at}",
        f"UPDATE billing_subscription SET period_no = 2 + {(first + count) // subscriptions} "
        f"WHERE id < {uid(SUBSCRIPTION, str(subscriptions))}",
    ])  # fmt: skip


def transfers(url: str, first: int, count: int, *, subscriptions: int) -> None:
    """What `history` settled as it is booked: one transfer a paid period. Writes."""
    every = f"FROM generate_series({first}, {first + count - 1}) AS i"
    of = f"mod(i, {subscriptions})"
    _run(url, [
        "INSERT INTO engine_ledger_transfer (id, kind, source_id, seq, debit_id, credit_id, currency, amount_minor, "
        f"business_at, posted_at) SELECT {uid(TRANSFER, 'i')}, 'payment.succeeded', {uid(PAYMENT, 'i')}, 1, d.id, "
        f"c.id, 'USDC', {PRICE}, machine_now(), machine_now() {every} "
        f"JOIN engine_ledger_account c ON c.kind = 'receivable' AND c.owner_id = {uid(CUSTOMER, of)} "
        "JOIN engine_ledger_account d ON d.kind = 'settled_direct' "
        f"AND d.owner_id = {uid(CREATOR, f'mod({of}, {CREATORS})')} WHERE mod(i, {FAILED_EVERY}) <> 7",
    ])  # fmt: skip


def stuck(url: str, count: int) -> None:
    """Of what `history` wrote, `count` payments parked and `count` of unknown outcome, for no worker. Writes."""
    parked = f"FROM generate_series(0, {count - 1}) AS i WHERE p.id = {uid(PAYMENT, 'i')}"
    unknown = f"FROM generate_series({count}, {2 * count - 1}) AS i WHERE"
    _run(url, [
        "UPDATE payments_payment p SET state = 'scheduled', ended_at = NULL, settled_minor = 0, "
        f"parked_at = machine_now(), parked_reason = 'a drill' {parked}",
        "UPDATE payments_payment p SET state = 'in_flight', ended_at = NULL, settled_minor = 0 "
        f"{unknown} p.id = {uid(PAYMENT, 'i')}",
        "UPDATE payments_attempt a SET state = 'unknown', resolved_at = NULL "
        f"{unknown} a.id = {uid(ATTEMPT, 'i')}",
    ])  # fmt: skip


def make_due(url: str, first: int, count: int, *, step: int = 1) -> None:
    """Make every `step`-th subscription from `first` on due, `count` in all, in mixed order. Writes, vacuums."""
    due = "machine_now() - make_interval(secs => 60 + mod(n * 7919::bigint, 3600) + n * 1e-6)"
    _run(url, [
        f"UPDATE billing_subscription s SET next_due_at = d.day, anchor_at = d.day - interval '30 days' "
        f"FROM (SELECT {uid(SUBSCRIPTION, f'{first} + n * {step}')} AS id, {due} AS day "
        f"FROM generate_series(0, {count - 1}) AS n) d WHERE s.id = d.id"
    ], vacuum=["billing_subscription"])  # fmt: skip


TABLES = (
    "billing_customer", "payments_paymentmethod", "billing_subscription", "billing_invoice", "billing_invoiceline",
    "engine_ledger_account", "engine_ledger_transfer", "payments_payment", "payments_attempt", "payments_evidence",
    "engine_outbox_event", "engine_audit_entry", "ops_job",
)  # fmt: skip


def settle_down(url: str) -> None:
    """Vacuum, analyze and checkpoint, so that a measurement does not pay for the one before it."""
    _run(url, [], vacuum=TABLES)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def _run(url: str, statements: Sequence[str], vacuum: Sequence[str] = ()) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement.encode())
        for table in vacuum:
            connection.execute(f"VACUUM (ANALYZE) {table}".encode())
