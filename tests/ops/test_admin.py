"""The admin shows money and history, changes neither, and asks the same few queries for any page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_celery_results.models import TaskResult

from billing.models import Customer, Invoice
from config import theme
from engine.audit.models import Entry
from engine.core import clock
from engine.core.actor import SYSTEM
from engine.core.ids import uuid7
from engine.ledger.models import Account, Transfer
from engine.outbox.models import Event
from ops.models import Job
from payments import switches
from payments.models import Attempt, Evidence, Payment
from tests import pages
from tests.ops.admin_pages import bare, client_of, listed, url

SHOWN = [
    "payments_payment", "payments_attempt", "payments_evidence", "payments_case", "payments_paymentmethod",
    "payments_providerswitch", "payments_killswitch", "engine_ledger_account", "engine_ledger_transfer",
    "engine_outbox_event",
]  # fmt: skip


@pytest.fixture
def payments(standing_payments):
    return standing_payments


@pytest.fixture
def boss(payments) -> Client:
    return client_of()


@pytest.mark.parametrize("table", SHOWN)
def test_every_list_and_row_is_shown_and_nothing_is_editable(table, boss):
    keys = listed(boss, table)
    assert keys
    page = boss.get(url(table, keys[0], "change"))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert boss.get(url(table, "add")).status_code == 403
    assert boss.post(url(table, keys[0], "change"), {"state": "succeeded"}).status_code == 403
    assert boss.post(url(table, keys[0], "delete"), {"post": "yes"}).status_code == 403


def test_a_payment_is_found_by_every_id_and_identity(boss, payments):
    one = payments["paid"]
    attempt = Attempt.objects.get(payment_id=one)
    for term in (one, one.hex, attempt.pk, attempt.identity, Payment.objects.get(pk=one).source_id):
        assert listed(boss, "payments_payment", term) == [one]
        assert listed(boss, "payments_attempt", term) == [attempt.pk]
    assert listed(boss, "payments_payment", "other") == [payments["differs"]]
    assert listed(boss, "payments_payment", "no such thing") == []


def test_the_ledger_and_the_outbox_are_found_by_source_owner_and_object(boss, payments):
    one = payments["paid"]
    assert len(listed(boss, "engine_ledger_transfer", one)) == Transfer.objects.filter(source_id=one).count()
    owned = Account.objects.exclude(owner_id=None).first()
    assert owned.pk in listed(boss, "engine_ledger_account", owned.owner_id)
    assert listed(boss, "engine_ledger_account", owned.pk) == [owned.pk]
    assert len(listed(boss, "engine_outbox_event", one)) == Event.objects.filter(object_id=one).count()
    for table in ("engine_ledger_transfer", "engine_ledger_account", "engine_outbox_event"):
        assert listed(boss, table, "nonsense") == []


def test_an_id_is_found_as_the_api_shows_it_and_by_what_names_its_owner(boss, payments, monkeypatch):
    bare(monkeypatch)
    one = Payment.objects.get(pk=payments["paid"])
    invoice = Invoice.objects.get(pk=one.source_id)
    customer = Customer.objects.get(pk=invoice.customer_id)
    Customer.objects.filter(pk=customer.pk).update(email="ada@example.com")
    subscription = invoice.subscription_id
    words = (
        customer.pk,
        f"cus_{customer.pk.hex}",
        customer.wallet,
        "ada@example.com",
        "Ada@Example.com",
        subscription,
    )
    for term in (*words, f"{invoice.series}{invoice.number}"):
        assert one.pk in listed(boss, "payments_payment", term), term
        assert one.pk in {
            a.payment_id for a in Attempt.objects.filter(pk__in=listed(boss, "payments_attempt", term))
        }
        assert invoice.pk in listed(boss, "billing_invoice", term), term
        assert listed(boss, "billing_subscription", term) == [subscription], term
    for term in words[:5]:
        assert listed(boss, "billing_customer", term) == [customer.pk], term
        assert len(listed(boss, "payments_paymentmethod", term)) == 1, term
    assert listed(boss, "payments_payment", f"pay_{one.pk.hex}") == [one.pk]
    assert len(listed(boss, "engine_outbox_event", f"pay_{one.pk.hex}")) == one.version
    nonsense = ("\0", "x" * 3000, "%", "pay_", "-1", "9" * 40)
    for table in (
        *SHOWN,
        "billing_invoice",
        "billing_subscription",
        "billing_customer",
        "engine_audit_entry",
    ):
        for term in nonsense:
            assert listed(boss, table, term) is not None


def test_days_are_drilled_down_by_the_time_in_the_ids(boss, payments):
    now = clock.machine_now()
    every = Payment.objects.count()
    for made in (f"{now:%Y}", f"{now:%Y-%m}", f"{now:%Y-%m-%d}", "-7", "nonsense"):
        assert len(listed(boss, "payments_payment", made=made)) == every, made
    for made in (f"{now.year - 1}", f"{now - timedelta(days=1):%Y-%m-%d}"):
        assert listed(boss, "payments_payment", made=made) == [], made
    page = boss.get(url("payments_payment"), {"made": f"{now:%Y-%m}"}).content.decode()
    assert f"made={now:%Y-%m}-28" in page


def test_a_page_past_the_last_is_empty_and_nobody_counts(boss, payments):
    assert listed(boss, "payments_payment", p="2") == []
    with CaptureQueriesContext(connection) as asked:
        boss.get(url("payments_payment"))
    assert not [q["sql"] for q in asked if "COUNT(" in q["sql"] and "payments_payment" in q["sql"]]


@pytest.mark.parametrize(("state", "name"), [
    ("parked", "differs"), ("for_funds", "waiting"), ("failed_today", "declined"), ("in_flight", "pending"),
    ("succeeded_late", "late"),
])  # fmt: skip
def test_a_state_is_filtered(boss, payments, state, name):
    assert payments[name] in listed(boss, "payments_payment", state=state)
    assert payments["paid"] not in listed(boss, "payments_payment", state=state)


def test_the_payment_page_tells_its_story_and_no_secret(boss, payments):
    page = boss.get(url("payments_payment", payments["late"], "change"))
    assert "Paid after it had been given up" in page.context["sentence"]
    kinds = [moment.kind for moment in page.context["timeline"]]
    assert {"event", "attempt", "evidence", "posting"} <= set(kinds)
    told = page.content.decode()
    assert "allowance_too_small" in told
    assert all(f"{said.source} said" in told for said in Evidence.objects.filter(payment_id=payments["late"]))
    attempt = Attempt.objects.get(payment_id=payments["late"])
    page = boss.get(url("payments_attempt", attempt.pk, "change")).content.decode()
    assert attempt.identity in page
    assert "fence" not in page
    assert "envelope" not in page


def test_the_first_page_shows_four_numbers_and_what_is_stopped(boss, payments):
    page = boss.get("/admin/")
    assert [number.shown for number in page.context["numbers"]] == ["1", "1", "1", "0"]
    assert page.context["well"] == ""
    for number in page.context["numbers"]:
        assert boss.get(number.link).status_code == 200
    switches.stop_sending(reason="a drill", by=SYSTEM)
    assert "All sending is stopped: a drill." in boss.get("/admin/").context["troubles"]


def test_people_without_a_role_see_nothing(payments):
    nobody = client_of("nobody")
    assert nobody.get(url("payments_payment")).status_code == 403
    assert "numbers" not in nobody.get("/admin/").context


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "admin"])
def test_every_role_sees_every_page_and_admins_alone_the_people(payments, role, monkeypatch):
    client = client_of(role)
    assert client.get("/admin/").status_code == 200
    bare(monkeypatch)
    for model in pages.registered():
        people = model._meta.label in ("auth.User", "auth.Group")
        expected = 403 if people and role != "admin" else 200
        assert client.get(url(f"{model._meta.app_label}_{model._meta.model_name}")).status_code == expected, (
            model
        )


def test_a_role_is_given_by_an_admin(payments):
    boss, vera = client_of("admin"), User.objects.create_user("vera", is_staff=True)
    assert boss.get(url("auth_user", vera.pk, "change")).status_code == 200
    assert boss.get(url("auth_user", "add")).status_code == 200
    assert client_of("approver").get(url("auth_user", vera.pk, "change")).status_code == 403


def test_what_an_admin_types_is_in_the_audit(payments):
    boss, vera = client_of("admin"), User.objects.create_user("vera", is_staff=True)
    form = {"username": "vera", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "is_active": "on",
            "is_staff": "on", "groups": [Group.objects.get(name="approver").pk]}  # fmt: skip
    assert boss.post(url("auth_user", vera.pk, "change"), form).status_code == 302
    entry = Entry.objects.get(verb="change", object_kind="user")
    assert (entry.actor, entry.object_id) == ("the_admin", str(vera.pk))
    assert entry.before["groups"] == []
    assert entry.after["groups"] == ["approver"]
    assert "password" not in str(entry.after)


def test_a_changed_password_is_in_the_audit_and_is_not_told(payments):
    boss, vera = client_of("admin"), User.objects.create_user("vera", is_staff=True)
    page, new = url("auth_user", vera.pk, "password"), "correct horse battery"
    boss.post(page, {"password1": new, "password2": "another", "usable_password": "true"})
    client_of("approver").post(page, {"password1": new, "password2": new, "usable_password": "true"})
    assert not Entry.objects.filter(verb="change_password").exists()
    assert boss.post(page, {"password1": new, "password2": new, "usable_password": "true"}).status_code == 302
    entry = Entry.objects.get(verb="change_password")
    assert (entry.actor, entry.object_kind, entry.object_id) == ("the_admin", "user", str(vera.pk))
    vera.refresh_from_db()
    assert vera.check_password(new)
    assert not {new, vera.password} & {*map(str, (entry.before, entry.after, entry.reason))}
    boss.post(page, {"usable_password": "false", "unset-password": "yes"})
    assert Entry.objects.filter(verb="change_password", object_id=str(vera.pk)).count() == 2
    for nobody in ("999999999", "x", "9" * 40):
        assert boss.get(url("auth_user", nobody, "password")).status_code == 404


def test_what_belongs_together_is_linked(boss, payments):
    found = set()
    for table, row in (("payments_payment", Payment.objects.get(pk=payments["paid"])), ("billing_invoice", None),
                       ("billing_subscription", None), ("billing_customer", None), ("payments_attempt", None),
                       ("engine_ledger_account", None)):  # fmt: skip
        row = row or apps.get_model(*table.rsplit("_", 1)).objects.first()
        links = boss.get(url(table, row.pk, "change")).context["links"]
        assert links, table
        found |= {link for _, link in links}
    for link in found:
        assert boss.get(link).status_code == 200, link


def test_flower_is_linked_where_its_address_is_known(boss, payments, settings, monkeypatch):
    settings.UNFOLD = theme.unfold(flower_url="https://flower.example/")
    monkeypatch.setattr(settings.ENV, "flower_url", "https://flower.example/")
    assert 'href="https://flower.example/"' in boss.get("/admin/").content.decode()
    result = TaskResult.objects.create(task_id="one", task_name="x")
    page = boss.get(url("django_celery_results_taskresult", result.pk, "change"))
    assert page.context["links"] == [("its task in Flower", "https://flower.example/task/one")]
    attempt = Attempt.objects.get(payment_id=payments["paid"])
    job = Job.objects.create(id=uuid7(), kind="maintenance", correlation_id=uuid7(), task_id="two",
                             created_at=attempt.created_at, next_action_at=attempt.created_at)  # fmt: skip
    Attempt.objects.update(task_id="two")
    named = {"payments_payment": payments["paid"], "payments_attempt": attempt.pk, "ops_job": job.pk}
    for table, key in named.items():
        links = boss.get(url(table, key, "change")).context["links"]
        assert ("its task in Flower", "https://flower.example/task/two") in links, table
