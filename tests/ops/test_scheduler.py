"""Start and stop of the scheduler: switched in the timetable, kept over sync_schedule, honest about beat."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django_celery_beat.models import PeriodicTask, PeriodicTasks
from django_celery_results.models import TaskResult

from config import schedule
from engine.audit.models import Entry
from engine.core import clock
from engine.core.actor import SYSTEM, Actor, NotAllowed, Role
from engine.core.errors import Refusal
from ops import figures, heartbeat, scheduler, tasks, timetable
from ops.models import Heartbeat
from tests.ops.world import fill, settle, subscribe
from tests.payments.scripted import declined

pytestmark = pytest.mark.django_db
ANN = Actor("ann", "user", Role.ADMIN)
WHY = {"by": ANN, "reason": "a drill"}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    heartbeat.forget()
    timetable.sync(schedule.timetable())


def entries() -> dict[str, bool]:
    found = PeriodicTask.objects.filter(name__in=scheduler.ENTRIES)
    return dict(found.values_list("name", "enabled"))


def test_stop_and_start_switch_both_money_entries_and_nothing_else():
    others = PeriodicTask.objects.exclude(name__in=scheduler.ENTRIES)
    scheduler.stop(**WHY)
    assert entries() == {"due payments": False, "daily maintenance": False}
    assert all(others.values_list("enabled", flat=True))
    scheduler.start(**WHY)
    assert set(entries().values()) == {True}
    assert [e.verb for e in Entry.objects.filter(actor="ann").order_by("pk")] == [
        "stop_scheduler", "stop_scheduler", "start_scheduler", "start_scheduler",
    ]  # fmt: skip
    first = Entry.objects.filter(verb="stop_scheduler").earliest("pk")
    assert (first.before, first.after, first.reason) == ({"enabled": True}, {"enabled": False}, "a drill")


def test_a_stop_outlives_sync_schedule_and_is_shown_as_edited():
    scheduler.stop(**WHY)
    due = PeriodicTask.objects.get(name="due payments")
    assert due.description.startswith("edited by an operator, kept")
    said = {name: done for name, _, done in timetable.sync(schedule.timetable())}
    assert said["due payments"] == said["daily maintenance"] == "edited by an operator, kept"
    assert not any(entries().values())
    scheduler.start(**WHY)
    assert {done for _, _, done in timetable.sync(schedule.timetable())} == {"unchanged"}
    assert not PeriodicTask.objects.get(name="due payments").description.startswith("edited")


def test_a_restored_entry_stands_in_the_audit_with_its_reason():
    scheduler.stop(**WHY)
    due = PeriodicTask.objects.get(name="due payments")
    restore = partial(timetable.sync, schedule.timetable(), restore=["due payments"])
    for said in ({"reason": "", "by": ANN}, {"reason": "a drill", "by": ANN._replace(role=Role.APPROVER)}):
        with pytest.raises(Refusal):
            restore(**said)
        assert not PeriodicTask.objects.get(name="due payments").enabled
    restore(by=ANN, reason="the drill is over")
    assert PeriodicTask.objects.get(name="due payments").enabled
    (entry,) = Entry.objects.filter(verb="restore")
    assert (entry.actor, entry.object_id, entry.reason) == ("ann", str(due.pk), "the drill is over")
    assert (entry.before["enabled"], entry.after["enabled"]) == (False, True)
    restore(by=ANN, reason="again")
    assert Entry.objects.filter(verb="restore").count() == 1, "it was not edited: nothing was restored"


def test_beat_hears_of_a_stop():
    before = PeriodicTasks.last_change()
    scheduler.stop(**WHY)
    assert PeriodicTasks.last_change() > before


def test_starting_what_runs_is_refused_in_the_sources_words():
    tasks.beat_once()
    before = Entry.objects.count()
    with pytest.raises(Refusal) as refused:
        scheduler.start(**WHY)
    assert refused.value.message == "Payment scheduler is already running"
    assert Entry.objects.count() == before


def test_starting_what_is_on_while_beat_is_dead_says_so():
    with pytest.raises(Refusal, match="beat has not been heard"):
        scheduler.start(**WHY)


def test_stopping_what_is_stopped_is_refused():
    scheduler.stop(**WHY)
    with pytest.raises(Refusal, match="is not running"):
        scheduler.stop(**WHY)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.APPROVER])
def test_only_an_admin_switches_it(role):
    for verb in (scheduler.stop, scheduler.start):
        with pytest.raises(NotAllowed):
            verb(by=Actor("olga", "user", role), reason="a drill")
    assert all(entries().values())


def test_a_timetable_that_was_never_seeded_says_how_to_mend_it():
    PeriodicTask.objects.filter(name="due payments").delete()
    with pytest.raises(Refusal, match="sync_schedule"):
        scheduler.status()


def test_running_means_on_and_alive():
    assert not scheduler.status().running
    tasks.beat_once()
    assert scheduler.status().running
    stale = clock.machine_now() - timedelta(seconds=scheduler.patience() + 1)
    Heartbeat.objects.filter(name="tick").update(seen_at=stale)
    silent = scheduler.status()
    assert (silent.running, silent.enabled, silent.next_run_at) == (False, True, None)
    heartbeat.forget()
    tasks.beat_once()
    scheduler.stop(**WHY)
    stopped = scheduler.status()
    assert (stopped.running, stopped.enabled) == (False, False)
    assert stopped.tick_age_seconds is not None


def test_a_heartbeat_is_written_every_few_seconds_at_most(django_assert_num_queries):
    assert heartbeat.beat("tick")
    with django_assert_num_queries(0):
        assert not heartbeat.beat("tick")
    assert heartbeat.beat("tick", every=0)
    assert Heartbeat.objects.count() == 1


def test_the_next_run_follows_the_last_one_or_the_cron():
    tasks.beat_once()
    done = TaskResult.objects.create(task_id="c", task_name="billing.claim_due", status="SUCCESS")
    now = scheduler.status()
    assert now.last_run_at == TaskResult.objects.get(pk=done.pk).date_done
    due = PeriodicTask.objects.get(name="due payments")
    assert now.next_run_at == now.last_run_at + due.interval.schedule.run_every
    due.interval, due.crontab = None, PeriodicTask.objects.get(name="daily maintenance").crontab
    due.save()
    at_two = scheduler.status().next_run_at
    assert (at_two.hour, at_two.minute) == (2, 0)
    assert timedelta(0) < at_two - clock.machine_now() <= timedelta(days=1)


def test_the_days_figures_are_those_of_the_daily_report(world, scripted):
    from billing import upkeep

    fill(world, scripted)
    exact = upkeep.statistics()
    shown = figures.metrics()
    for name in ("processed_today", "failed_today", "revenue_minor"):
        assert shown[name] == exact[name], name
    assert shown["average_processing_seconds"] == pytest.approx(exact["average_processing_seconds"])
    assert figures.daily()[0]["succeeded"] == shown["processed_today"]
    subscription = subscribe(world)
    world.bill()
    settle(scripted)
    more = figures.metrics()
    assert more["processed_today"] == shown["processed_today"] + 1
    assert more["revenue_minor"]["USDC"] == shown["revenue_minor"]["USDC"] + 1000, subscription


def test_a_sum_that_took_long_is_kept_for_a_while(world, scripted, monkeypatch):
    fill(world, scripted)
    monkeypatch.setattr(figures, "_SLOW_SECONDS", 0)
    monkeypatch.setattr(figures, "_KEPT_TIMES", 1e6)
    monkeypatch.setattr(figures, "_kept", {})
    before = figures.today()
    subscribe(world)
    world.bill()
    settle(scripted)
    assert figures.today() == before
    figures._kept.clear()
    assert figures.today().succeeded == before.succeeded + 1


def test_the_error_log_holds_what_was_refused(world, scripted):
    payments = fill(world, scripted)
    logged = [row for row in figures.errors() if row["job_id"] == payments["declined"]]
    assert [(row["outcome"], row["code"]) for row in logged] == [("declined", declined().code)]


def test_the_system_may_stop_it_too():
    scheduler.stop(by=SYSTEM, reason="an alarm")
    assert not any(entries().values())
