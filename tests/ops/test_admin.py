"""The admin shows money and history, changes neither, and asks the same few queries for any page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.models import Invoice, Subscription
from engine.ledger.models import Account, Transfer
from engine.outbox.models import Event
from payments.models import Attempt, Evidence, KillSwitch, Payment, ProviderSwitch
from tests.ops.world import fill, subscribe

SHOWN = [
    "payments_payment", "payments_attempt", "payments_evidence", "payments_case", "payments_paymentmethod",
    "payments_providerswitch", "payments_killswitch", "engine_ledger_account", "engine_ledger_transfer",
    "engine_outbox_event",
]  # fmt: skip


@pytest.fixture
def payments(world, scripted, settings) -> dict[str, UUID]:
    settings.WHITENOISE_AUTOREFRESH = True
    return fill(world, scripted)


@pytest.fixture
def boss(payments) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    return client


def url(table: str, *rest: object) -> str:
    app, _, model = table.rpartition("_")
    return "/".join(["", "admin", app, model, *map(str, rest), ""])


def listed(client: Client, table: str, term: object = "") -> list[Any]:
    answer = client.get(url(table), {"q": term})
    assert answer.status_code == 200
    return [row.pk for row in answer.context["cl"].result_list]


def act(client: Client, table: str, action: str, *keys: object, reason: str = "a drill") -> str:
    form = {"action": action, "_selected_action": keys, "reason": reason}
    answer = client.post(url(table), form, follow=True)
    return " ".join(str(message) for message in answer.context["messages"])


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


@pytest.mark.parametrize("table", SHOWN)
def test_a_page_costs_the_same_however_many_rows_it_has(table, boss, world, scripted):
    boss.get(url(table))
    with CaptureQueriesContext(connection) as few:
        boss.get(url(table))
    for _ in range(5):
        subscribe(world)
    world.bill()
    fill(world, scripted)
    with CaptureQueriesContext(connection) as many:
        boss.get(url(table))
    assert len(many) == len(few)


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


def test_the_payment_page_tells_its_story_and_no_secret(boss, payments):
    page = boss.get(url("payments_payment", payments["late"], "change")).content.decode()
    assert "allowance_too_small" in page
    assert all(said.source in page for said in Evidence.objects.filter(payment_id=payments["late"]))
    attempt = Attempt.objects.get(payment_id=payments["late"])
    page = boss.get(url("payments_attempt", attempt.pk, "change")).content.decode()
    assert attempt.identity in page
    assert "fence" not in page
    assert "envelope" not in page


def test_the_verbs_need_a_reason_and_a_permission(boss, payments):
    one = payments["waiting"]
    assert "say why" in act(boss, "payments_payment", "park", one, reason="")
    assert Payment.objects.get(pk=one).parked_at is None
    act(boss, "payments_payment", "park", one)
    assert Payment.objects.get(pk=one).parked_reason == "a drill"
    said = act(boss, "payments_payment", "unpark", one, payments["differs"])
    assert "case of it is open" in said
    assert Payment.objects.get(pk=one).parked_at is None
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_payment"))
    client = Client()
    client.force_login(viewer)
    act(client, "payments_payment", "park", one)
    assert Payment.objects.get(pk=one).parked_at is None


def test_sending_is_stopped_and_started_from_the_admin(boss):
    act(boss, "payments_providerswitch", "pause", "scripted")
    assert ProviderSwitch.objects.get().paused
    act(boss, "payments_providerswitch", "resume", "scripted")
    assert not ProviderSwitch.objects.get().paused
    assert "say why" in act(boss, "payments_killswitch", "stop_all_sending", 1, reason=" ")
    act(boss, "payments_killswitch", "stop_all_sending", 1)
    assert not KillSwitch.objects.get().sending
    act(boss, "payments_killswitch", "start_sending", 1)
    assert KillSwitch.objects.get().sending


def test_what_is_held_is_released_with_a_reason(boss, world):
    one, other = subscribe(world), subscribe(world)
    held = {"next_due_at": None, "held_code": "catch_up", "held_reason": "a drill"}
    Subscription.objects.filter(pk__in=[one.pk, other.pk]).update(**held)
    bill, skip = "release_and_bill_what_was_missed", "release_and_skip_what_was_missed"
    assert "say why" in act(boss, "billing_subscription", bill, one.pk, reason=" ")
    assert Subscription.objects.filter(held_code="catch_up").count() == 2
    act(boss, "billing_subscription", bill, one.pk)
    act(boss, "billing_subscription", skip, other.pk)
    assert not Subscription.objects.filter(held_code="catch_up").exists()
    assert Subscription.objects.filter(pk__in=[one.pk, other.pk], next_due_at__isnull=False).count() == 2
    told = Event.objects.filter(type="subscription.released", object_id__in=[one.pk, other.pk])
    assert {event.payload["why"] for event in told} == {"a drill"}
    assert "not held" in act(boss, "billing_subscription", skip, one.pk)


def test_a_held_draft_is_released_with_a_reason(boss, world):
    draft = Invoice.objects.get(subscription=subscribe(world))
    Invoice.objects.filter(pk=draft.pk).update(next_action_at=None, held_reason="no price")
    assert "say why" in act(boss, "billing_invoice", "release_draft", draft.pk, reason="")
    assert Invoice.objects.get(pk=draft.pk).held_reason == "no price"
    act(boss, "billing_invoice", "release_draft", draft.pk)
    world.bill()
    assert Invoice.objects.get(pk=draft.pk).state == "open"
    assert Event.objects.get(type="invoice.released").payload["why"] == "a drill"
    assert "no held draft" in act(boss, "billing_invoice", "release_draft", draft.pk)
