"""A provider is taken out of the settings with money on its way and debts to collect: told, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import structlog
from django.conf import settings
from django.db import connection
from django.db.models import JSONField, Value

from billing import sweep, trigger
from billing.models import Invoice
from config import celery
from engine.core import clock, sql
from engine.core.errors import Refusal
from engine.providers import registry
from ops import books, doctor, front, gauges, gone
from payments.models import Attempt, Case, Evidence, Payment, PaymentMethod
from payments.pipeline import apply, evidence
from payments.pipeline.evidence import Said
from tests.ops.world import WHOLE, mark, subscribe
from tests.payments.scripted import paid


@pytest.fixture
def taken_out(monkeypatch) -> Callable[[], None]:
    """Call it to take the provider out of the settings, and what it returns to put it back."""

    def out() -> Callable[[], None]:
        there = dict(settings.PROVIDERS)
        monkeypatch.setattr(settings, "PROVIDERS", {})
        registry.get.cache_clear()
        return lambda: monkeypatch.setattr(settings, "PROVIDERS", there)

    return out


def gauge(name: str) -> dict[tuple[str, ...], float]:
    return next(each.samples for each in gauges.read() if each.name == name)


def listed(rule: str) -> int:
    return next(result.count for result in books.examine().results if result.name == rule)


def open_invoice(subscription) -> Invoice:
    return Invoice.objects.filter(subscription=subscription).latest("period_no")


def test_a_draft_opens_as_a_debt_and_is_asked_for_once_its_provider_is_back(world, scripted, taken_out):
    first, second = subscribe(world), subscribe(world)
    back = taken_out()
    assert world.bill()[1]._replace(batches=0) == (2, 0, 0, 0, 0)
    for owed in (open_invoice(first), open_invoice(second)):
        assert (owed.state, owed.due_minor, owed.collecting_minor) == ("open", 1000, 0)
        assert owed.reason_code == "provider_not_configured"
    assert sweep.sweep(chunk=1)["asked_again"] == 0
    with pytest.raises(Refusal, match="scripted is not configured here"):
        trigger.trigger(first.pk)
    assert gone.read() == [gone.Gone("scripted", 0, 2)]
    assert listed("unasked") == 0
    back()
    assert listed("unasked") == 2
    assert trigger.trigger(first.pk).scheduled == [open_invoice(first).pk]
    assert sweep.sweep(chunk=1)["asked_again"] == 1
    assert (open_invoice(second).collecting_minor, open_invoice(second).reason_code) == (1000, "")
    assert Payment.objects.filter(state="scheduled").count() == 2
    assert (listed("unasked"), sweep.sweep()["asked_again"], gone.read()) == (0, 0, [])


def test_only_what_waited_for_the_provider_is_asked_again_and_one_odd_row_stops_nobody(
    world, scripted, taken_out
):
    odd, stopped, sound = subscribe(world), subscribe(world), subscribe(world)
    back = taken_out()
    world.bill()
    failed = open_invoice(sound)
    Invoice.objects.filter(pk=failed.pk).update(reason_code="insufficient_funds", reason="No funds.")
    world.later(days=31)
    world.bill()
    PaymentMethod.objects.filter(pk=odd.method_id).update(details=Value(None, JSONField()))
    (before,) = gone.read()
    type(stopped).objects.filter(pk=stopped.pk).update(state="canceled", next_due_at=None)
    assert gone.read() == [before._replace(invoices=before.invoices - 2)], "who has canceled is asked no more"
    back()
    assert sweep.sweep(chunk=1)["asked_again"] == 1
    assert open_invoice(sound).collecting_minor == 1000
    failed.refresh_from_db()
    assert (failed.collecting_minor, failed.reason_code) == (0, "insufficient_funds")


def test_those_who_canceled_hide_nobody_however_many_they_are(world, scripted, taken_out, monkeypatch):
    """They are left out before the limit, and what is left is found by its index."""
    gone_by, live = [subscribe(world) for _ in range(3)], subscribe(world)
    taken_out()
    world.bill()
    type(live).objects.filter(pk__in=[each.pk for each in gone_by]).update(state="canceled", next_due_at=None)
    monkeypatch.setattr(gone, "MOST", 1)
    assert gone.read() == [gone.Gone("scripted", 0, 1)]
    with connection.cursor() as cursor:
        for setting in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{setting} = off")
        cursor.execute("EXPLAIN " + sql.statement(gone.__file__, "gone_invoices"), {"known": [], "most": 1})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "using invoices_to_ask_for" in plan and "Seq Scan" not in plan, plan


def test_money_on_its_way_through_it_is_told_everywhere(world, scripted, taken_out, monkeypatch):
    monkeypatch.setattr(front, "_scheduler", list)
    subscribe(world), subscribe(world)
    world.bill()
    mark(most=1)
    assert gone.seen().state == "ok"
    assert (front.stopped(), gauge("waiting_for_no_provider")) == ([], {})
    taken_out()
    sentence = "2 open payments of scripted, which is not configured"
    assert front.stopped() == [f"Nothing moves: {sentence}."]
    assert gone.seen() == ("fault", sentence, gone.MEND, gone.seen().facts)
    assert gauge("waiting_for_no_provider") == {("payments", "scripted"): 2, ("invoices", "scripted"): 0}
    assert gauge("payments_open")["in_flight", "scripted"] == 1
    assert ("scripted",) in gauge("payments_unknown")
    monkeypatch.setattr(gone.connection, "close", lambda: None)  # the test's own
    with structlog.testing.capture_logs() as said:
        celery._who_is_missing()
    assert [(each["event"], each["log_level"]) for each in said] == [(sentence, "error")]


def test_the_doctor_looks_for_it(committed, scripted, taken_out):
    subscribe(committed)
    committed.bill()
    taken_out()
    seen = doctor.examine(seconds=10)["providers"]
    assert (seen.state, seen.sentence) == ("fault", "1 open payment of scripted, which is not configured")


def test_what_was_said_of_it_waits_for_who_has_the_provider(world, scripted, taken_out):
    subscribe(world)
    world.bill()
    mark()
    attempt = Attempt.objects.get()
    evidence.store([Said(attempt.pk, attempt.payment_id, 1, "lookup", paid(**WHOLE))])
    back = taken_out()
    assert apply.drain(seconds=5) == 0
    said, payment = Evidence.objects.get(), Payment.objects.get()
    assert (said.applied_at, said.verdict, said.tries) == (None, "", 1)
    assert (payment.state, payment.parked_at, Case.objects.count()) == ("in_flight", None, 0)
    back()
    Evidence.objects.update(try_at=clock.machine_now() - timedelta(seconds=1))
    assert apply.drain(seconds=5) == 1
    assert Payment.objects.get().state == "succeeded"
