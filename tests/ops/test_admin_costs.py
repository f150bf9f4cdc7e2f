"""What a list asks of the database does not grow with its rows, whichever model it is of."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import IntervalSchedule
from django_celery_results.models import GroupResult, TaskResult

from billing import customers, upkeep
from engine.core import clock
from engine.core.actor import SYSTEM
from engine.core.ids import uuid7
from engine.providers.models import AccessToken, Destination
from engine.rest import keys
from engine.rest.models import Answer, Use
from ops.models import Heartbeat, Job
from payments import refund
from payments.callbacks.keep import keep
from payments.callbacks.models import AskedFor, TurnedAway
from payments.models import Attempt, Evidence
from tests import pages
from tests.ops.admin_pages import bare, client_of, url
from tests.ops.world import fill, subscribe
from tests.payments.disputed import dispute_of

FEW = {
    "payments.killswitch",
    "payments.providerswitch",
    "engine_core.clock",
    "billing.numberseries",
    "billing.dailyreport",
    "engine_ledger.delta",
    "auth.group",
    "django_celery_beat.periodictask",
    "django_celery_beat.crontabschedule",
    "django_celery_beat.solarschedule",
    "django_celery_beat.clockedschedule",
}  # fmt: skip  (a row for each thing that is configured, day or batch)


def table(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def grow(world, scripted, number: int) -> None:
    """Some rows more of whatever grows."""
    now = clock.machine_now()
    for _ in range(number):
        name = uuid7().hex
        subscribe(world)
        world.another_plan()
        customers.create_creator(name=name, by=SYSTEM)
        key = keys.create(name, ["admin:read"], by=SYSTEM).key
        Answer.objects.create(
            id=uuid7(), owner=key.owner, key=name, path="/api/plans", status=201, created_at=now
        )
        Use.objects.create(bucket=name, window_start=now)
        job = Job.objects.create(id=uuid7(), kind="maintenance", asked_by=name, correlation_id=uuid7(),
                                 created_at=now, next_action_at=now)  # fmt: skip
        Job.objects.filter(pk=job.pk).update(state="active")
        Destination.objects.create(payee=name, mint="a mint", payment_id=uuid7(), signature=name,
                                   last_valid_block_height=1, signed_slot=1)  # fmt: skip
        Heartbeat.objects.create(name=name, seen_at=now)
        keep("scripted", name.encode(), {}, [])
        AskedFor.objects.create(provider=name, asked_until=now)
        TurnedAway.objects.create(provider=name, why="signature_wrong", hour_start=now)
        AccessToken.objects.create(name=name)
        TaskResult.objects.create(task_id=name, task_name="x")
        GroupResult.objects.create(group_id=name)
        IntervalSchedule.objects.create(every=IntervalSchedule.objects.count() + 100, period="days")
        User.objects.create_user(name).groups.set(Group.objects.all())
    world.bill()
    payments = fill(world, scripted)
    for _ in range(number):
        refund.request(payments["paid"], amount_minor=1, reason="grown", by=SYSTEM)
        dispute_of(payments["late"])


@pytest.fixture
def boss(world, scripted, monkeypatch):
    bare(monkeypatch)
    call_command("sync_schedule")
    grow(world, scripted, 2)
    upkeep.maintain()
    return client_of()


def test_a_list_asks_the_same_however_many_rows_it_has(boss, world, scripted):
    _asked(boss)  # what is remembered per process
    few, rows = _asked(boss), _rows()
    grow(world, scripted, 5)
    many, now = _asked(boss), _rows()
    assert {name for name, count in now.items() if count == rows[name]} <= FEW
    assert {
        name: (len(few[name]), len(many[name])) for name in few if len(few[name]) != len(many[name])
    } == {}
    assert {name: len(asked) for name, asked in many.items() if len(asked) > 12} == {}


def test_a_list_does_not_fetch_what_it_does_not_show(boss):
    hidden = {Evidence: ("detail",), Attempt: ("envelope", "data"), Answer: ("answer", "body")}
    asked = _asked(boss, hidden)
    for model, columns in hidden.items():
        of_rows = [sql for sql in asked[model._meta.label_lower] if f'FROM "{model._meta.db_table}"' in sql]
        assert of_rows, model
        for column in columns:
            assert not [sql for sql in of_rows if f'"{column}"' in sql], (model, column)


def _asked(boss, models: Iterable[type[Model]] = ()) -> dict[str, list[str]]:
    found = {}
    for model in models or pages.registered():
        with CaptureQueriesContext(connection) as queries:
            assert boss.get(url(table(model))).status_code == 200
        found[model._meta.label_lower] = [query["sql"] for query in queries]
    return found


def _rows() -> dict[str, int]:
    return {model._meta.label_lower: model._default_manager.count() for model in pages.registered()}
