"""Each verb of a person: below its role it does nothing, and done once it stands in the audit once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django_celery_beat.models import PeriodicTask

from billing import change, customers, operate, plans, resume, stop, subscribe, trigger
from billing.models import Invoice, Subscription
from config import schedule
from engine.audit.models import Entry
from engine.audit.preview import Verbs
from engine.core import clock
from engine.core.actor import Actor, NotAllowed, Role
from engine.core.errors import Refusal
from engine.outbox.models import Event
from ops import scheduler, timetable
from payments import absent, cases, look, methods, refund, suspense, switches
from payments import operate as on_payment
from payments import settle as ends
from payments.callbacks import again
from payments.callbacks.keep import keep
from payments.callbacks.models import Callback
from payments.models import Attempt, Case, Payment
from tests.ops.conftest import scripted, world  # noqa: F401
from tests.ops.world import fill, mark, open_payment, rows, settle
from tests.ops.world import subscribe as join
from tests.pages import registered
from tests.payments.disputed import dispute_of
from tests.payments.scripted import declined

WHY = {"reason": "a drill"}
Verb = Callable[..., object]


class Field:
    """One world with a row for each verb."""

    def __init__(self, around: Any, provider: Any) -> None:
        self.world = around
        self.payments = fill(around, provider)
        self.fresh = join(around)
        self.paused, self.held, self.due = join(around), join(around), join(around)
        around.bill()
        settle(provider)
        stop.pause(self.paused.pk)
        flying = join(around)
        around.bill()
        self.flying = open_payment(flying)
        mark()
        self.manual = join(around)
        stop.set_auto_pay(self.manual.pk, on=False)
        Subscription.objects.filter(pk=self.held.pk).update(
            next_due_at=None, held_code="catch_up", held_reason="a drill"
        )
        self.draft = Invoice.objects.get(subscription=join(around))
        Invoice.objects.filter(pk=self.draft.pk).update(next_action_at=None, held_reason="a drill")
        on_payment.park_payment(self.payments["pending"], reason="before", by=Actor("b", "user", Role.ADMIN))
        self.method = around.method(self.world.made[0], provider="scripted")
        by = Actor("b", "user", Role.ADMIN)
        keep("scripted", b"a callback", {}, [])
        dispute_of(self.payments["late"])
        self.callback = Callback.objects.get().pk
        self.refund = refund.request(self.payments["paid"], amount_minor=100, reason="before", by=by)


OPERATOR: dict[str, Verb] = {
    "park": lambda f, **by: on_payment.park_payment(f.payments["waiting"], **WHY, **by),
    "unpark": lambda f, **by: on_payment.unpark(f.payments["pending"], **WHY, **by),
    "verify_now": lambda f, **by: on_payment.verify_now(f.flying, **WHY, **by),
    "retry_now": lambda f, **by: on_payment.retry_now(f.payments["waiting"], **WHY, **by),
    "stop_sending": lambda f, **by: switches.stop_sending(**WHY, **by),
    "pause provider": lambda f, **by: switches.pause("scripted", **WHY, **by),
    "pause": lambda f, **by: stop.pause(f.due.pk, **by),
    "cancel": lambda f, **by: stop.cancel(f.due.pk, **by),
    "change_method": lambda f, **by: stop.change_method(
        f.due.pk, method_id=f.world.method(f.due.customer, provider="scripted").pk, **by
    ),
    "set_auto_pay off": lambda f, **by: stop.set_auto_pay(f.due.pk, on=False, **by),
    "set_auto_pay on": lambda f, **by: stop.set_auto_pay(f.manual.pk, on=True, **by),
    "resume": lambda f, **by: resume.resume(f.paused.pk, **by),
    "create_plan": lambda f, **by: f.world.another_plan(**by),
    "change_plan": lambda f, **by: plans.change_plan(
        plan_id=f.world.plan.pk, price_minor=5, currency="USDC", interval_unit="day", interval_count=1, **by
    ),
    "deactivate_plan": lambda f, **by: plans.deactivate_plan(plan_id=f.world.plan.pk, **by),
    "activate_plan": lambda f, **by: plans.activate_plan(plan_id=f.world.plan.pk, **by),
    "create_customer": lambda f, **by: customers.create_customer(name="Bo", **by),
    "create_creator": lambda f, **by: customers.create_creator(name="Cy", **by),
    "subscribe": lambda f, **by: subscribe.subscribe(
        customer_id=f.world.customer().pk, plan_id=f.world.plan.pk, method_id=None, **by
    ),
    "look_up": lambda f, **by: look.keep(_said(f.payments["declined"]), **WHY, **by),
    "update_customer": lambda f, **by: customers.update_customer(f.due.customer_id, name="Bo", **by),
    "update_creator": lambda f, **by: customers.update_creator(f.world.creator.pk, name="Cy", **by),
    "update_plan": lambda f, **by: plans.update_plan(plan_id=f.world.plan.pk, name="Daily", **by),
    "describe": lambda f, **by: change.describe(f.due.pk, service_name="Letter", **by),
    "remove_method": lambda f, **by: methods.remove(f.method.pk, **by),
    "update_method": lambda f, **by: methods.describe(f.method.pk, metadata={"card": "home"}, **by),
    "make_default_method": lambda f, **by: methods.make_default(f.method.pk, **by),
    "refund": lambda f, **by: refund.request(f.payments["paid"], amount_minor=1, **WHY, **by),
    "cancel_refund": lambda f, **by: refund.cancel(f.refund.pk, **WHY, **by),
    "work_again": lambda f, **by: again.work_again(f.callback, **WHY, **by),
}
APPROVER: dict[str, Verb] = {
    "start_sending": lambda f, **by: switches.start_sending(**WHY, **by),
    "resume provider": lambda f, **by: switches.resume("scripted", **WHY, **by),
    "release_held": lambda f, **by: operate.release_held(f.held.pk, **WHY, **by),
    "skip_missed": lambda f, **by: operate.skip_missed(f.held.pk, **WHY, **by),
    "close_case": lambda f, **by: cases.close_case(
        Case.objects.get(payment_id=f.payments["late"]).pk, resolution="back", **WHY, **by
    ),
    "record_refund": lambda f, **by: refund.record(f.refund.pk, reference="SEPA 4711", **WHY, **by),
    "end_payment": lambda f, **by: ends.end_payment(f.payments["differs"], **WHY, **by),
    "declare_absent": lambda f, **by: absent.keep(_unseen(f), None, **WHY, **by),
    "apply_money": lambda f, **by: suspense.apply_money(_differing(f), **WHY, **by),
    "return_money": lambda f, **by: suspense.return_money(_differing(f), **WHY, **by),
    "release_draft": lambda f, **by: operate.release_draft(f.draft.pk, **WHY, **by),
}


def _differing(field: Field) -> Any:
    return Case.objects.get(payment_id=field.payments["differs"]).pk


def _unseen(field: Field) -> Any:
    """What its provider had, and knows nothing of any more."""
    one = field.payments["pending"]
    gone = clock.machine_now() - timedelta(days=2)
    Attempt.objects.filter(payment_id=one).update(state="unknown", send_by=gone)
    return one


def _said(payment_id: Any) -> look.Found:
    attempt = Attempt.objects.get(payment_id=payment_id)
    return look.Found(attempt, declined(), clock.machine_now())


# Tried below, in tests/ops (test_scheduler.py, test_left_twice.py) and in tests/payments/test_disputes.py.
ELSEWHERE = {
    "look_up_dispute",
    "left_once",
    "left_twice",
    "trigger",
    "stop_scheduler",
    "start_scheduler",
}


@pytest.fixture
def field(world: Any, scripted: Any) -> Field:  # noqa: F811
    return Field(world, scripted)


@pytest.mark.parametrize(("cases", "role"), [(OPERATOR, Role.OPERATOR), (APPROVER, Role.APPROVER)])
def test_a_verb_checks_the_role_and_is_in_the_audit_once(field: Field, cases: dict[str, Verb], role: Role):
    for name, case in cases.items():
        with transaction.atomic():
            _refused(field, name, case, Actor("vera", "user", Role(role - 1)))
            transaction.set_rollback(True)
        with transaction.atomic():
            _written(field, name, case, Actor("olga", "user", role))
            transaction.set_rollback(True)


def _refused(field: Field, name: str, case: Verb, by: Actor) -> None:
    counted = rows()
    with pytest.raises(NotAllowed):
        case(field, by=by)
    assert not Entry.objects.filter(actor=by.name).exists(), name
    changed = {table for table, count in rows().items() if counted[table] != count}
    of_the_test = {"billing_customer", "payments_paymentmethod", "engine_audit_entry"}
    assert changed <= of_the_test, name


def _written(field: Field, name: str, case: Verb, by: Actor) -> None:
    case(field, by=by)
    (entry,) = Entry.objects.filter(actor=by.name)
    assert entry.verb == name.split()[0]
    assert entry.after != entry.before or entry.verb in ("start_sending", "resume", "activate_plan"), name


def test_each_button_of_the_admin_is_a_verb_that_is_tried_here_and_asks_for_the_button_s_role(field: Field):
    timetable.sync(schedule.timetable())
    scheduled = PeriodicTask.objects.get(name=scheduler.ENTRIES[0])
    tried = {name.split()[0] for name in (*OPERATOR, *APPROVER)} | ELSEWHERE
    pages = [page for page in registered().values() if isinstance(page, Verbs)]
    assert len(pages) >= 7
    for page in pages:
        row = scheduled if page.model is PeriodicTask else page.model._default_manager.first()
        for button in page.actions:
            with pytest.raises(NotAllowed) as refused:
                button.verb(row.pk, reason="a drill", by=Actor("vera", "user", Role(button.role - 1)))
            verb, _, role = refused.value.message.partition(" needs the role ")
            assert verb.replace(" ", "_") in tried, f"{page}: {button.__name__}"
            assert role.split(";")[0] == button.role.name.lower(), f"{page}: {button.__name__}"


def test_a_trigger_is_in_the_audit_and_a_refused_one_is_not(field: Field):
    olga = Actor("olga", "user", Role.OPERATOR)
    with pytest.raises(Refusal, match="not due"):
        trigger.trigger(field.due.pk, by=olga)
    assert not Entry.objects.filter(actor="olga").exists()
    with pytest.raises(NotAllowed):
        trigger.trigger(field.due.pk, by=Actor("vera", "user", Role.VIEWER))
    field.world.later(days=31)
    trigger.trigger(field.due.pk, by=olga, **WHY)
    entry = Entry.objects.get(actor="olga")
    assert (entry.verb, entry.reason) == ("trigger", "a drill")
    assert entry.after["period_no"] == entry.before["period_no"] + 1


def test_a_verb_that_is_undone_and_tried_again_is_written_once(field: Field, monkeypatch: pytest.MonkeyPatch):
    """A payment that appears between the two looks: pausing starts over, and its entry with it."""
    looks, look = [], stop._collecting

    def one_more(subscription_id: Any) -> dict[Any, int]:
        looks.append(1)
        found = look(subscription_id)
        return {**found, field.draft.pk: 1} if len(looks) == 2 else found

    monkeypatch.setattr(stop, "_collecting", one_more)
    stop.pause(field.due.pk, by=Actor("olga", "user", Role.OPERATOR))
    assert len(looks) == 4
    assert Entry.objects.filter(actor="olga").count() == 1
    assert Event.objects.filter(type="subscription.paused", object_id=field.due.pk).count() == 1


def test_the_recurring_cycle_is_not_audited(field: Field):
    before = Entry.objects.count()
    field.world.later(days=62)
    field.world.bill()
    assert Payment.objects.filter(state="scheduled").exists()
    assert Entry.objects.count() == before
