"""The search box finds by any id that somebody may have at hand."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask

from billing.models import Invoice
from engine.audit.models import Entry
from engine.audit.preview import Verbs
from engine.core.actor import SYSTEM
from engine.core.clock import machine_now
from engine.core.ids import uuid7
from engine.rest import keys
from engine.rest.models import Answer
from payments import refund
from payments.callbacks.keep import keep
from payments.models import Case, Payment
from tests import pages
from tests.ops.admin_pages import act, client_of, listed, url
from tests.ops.world import fill
from tests.payments.disputed import dispute_of


@pytest.fixture
def boss(world, scripted):
    return client_of()


def test_payments_are_found_by_their_method_and_their_creator(boss, world, scripted):
    one = Payment.objects.get(pk=fill(world, scripted)["paid"])
    assert one.pk in listed(boss, "payments_payment", f"pm_{one.method_id.hex}")
    found = listed(boss, "payments_payment", f"cre_{world.creator.pk.hex}")
    assert one.pk in found
    assert len(found) == min(50, Payment.objects.count())
    assert listed(boss, "billing_invoice", world.creator.pk) == list(
        Invoice.objects.order_by("-pk").values_list("pk", flat=True)[:50]
    )


def test_a_key_is_found_by_how_it_begins_and_an_answer_by_its_word(boss):
    made = keys.create("tests", ["admin:write"], by=SYSTEM)
    other = keys.create("other", ["admin:write"], by=SYSTEM)
    assert listed(boss, "engine_rest_apikey", made.key.prefix) == [made.key.pk]
    assert listed(boss, "engine_rest_apikey", other.secret) == [other.key.pk]
    assert listed(boss, "engine_rest_apikey", "sk_") == []
    kept = Answer.objects.create(id=uuid7(), owner=made.key.owner, key="order-7", path="/api/plans", status=201,
                                 created_at=machine_now())  # fmt: skip
    assert listed(boss, "engine_rest_answer", "order-7") == [kept.pk]
    assert listed(boss, "engine_rest_answer", "order-8") == []


def test_what_was_done_is_found_by_what_it_was_done_to(boss, world, scripted):
    late = fill(world, scripted)["late"]
    call_command("sync_schedule")
    due = PeriodicTask.objects.get(name="due payments")
    case = Case.objects.get(payment_id=late, closed_at=None)
    act(boss, "payments_case", "close", case.pk)
    act(boss, "payments_providerswitch", "pause", "scripted")
    act(boss, "payments_killswitch", "stop_all_sending", 1)
    act(boss, "django_celery_beat_periodictask", "stop_the_scheduler", due.pk)
    for table, key, verb in (("payments_case", case.pk, "close_case"), ("payments_providerswitch", "scripted", "pause"),
                             ("payments_killswitch", 1, "stop_sending"),
                             ("django_celery_beat_periodictask", due.pk, "stop_scheduler")):  # fmt: skip
        (entry,) = Entry.objects.filter(verb=verb, object_id=str(key))
        assert entry.pk in listed(boss, "engine_audit_entry", key), verb
        link = dict(boss.get(url(table, key, "change")).context["links"])["audit"]
        assert [row.pk for row in boss.get(link).context["cl"].result_list] == [entry.pk], verb
    told = boss.get(url("payments_payment", late, "change")).context["timeline"]
    assert "boss (user): close case" in [moment.title for moment in told]


def test_what_a_request_did_is_found_by_its_id(boss, world, scripted):
    late = fill(world, scripted)["late"]
    act(boss, "payments_payment", "park", late)
    Entry.objects.create(id=uuid7(), acted_at=machine_now(), actor="key:x", actor_kind="key", verb="park",
                         object_kind="payment", object_id=str(late), request_id="req_0198")  # fmt: skip
    (one,) = Entry.objects.filter(request_id="req_0198")
    assert listed(boss, "engine_audit_entry", "req_0198") == [one.pk]
    assert listed(boss, "engine_audit_entry", "req_0199") == []


def test_every_page_with_verbs_links_to_what_they_did(boss, world, scripted):
    payments = fill(world, scripted)
    dispute_of(payments["late"])
    refund.request(payments["paid"], reason="a drill", by=SYSTEM)
    keep("scripted", b"a callback", {}, [])
    call_command("sync_schedule")
    for model, page in pages.registered().items():
        if isinstance(page, Verbs):
            row = model._default_manager.first()
            there = url(f"{model._meta.app_label}_{model._meta.model_name}", row.pk, "change")
            assert "audit" in dict(boss.get(there).context["links"]), model
