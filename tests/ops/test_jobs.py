"""Jobs: a payment is its own job, an operator's job is a row that one worker does once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import Error, connection, transaction

from billing.models import Subscription
from engine.audit.models import Entry
from engine.core import clock
from engine.core.actor import SYSTEM, Actor, NotAllowed, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers.base import Outcome
from ops import tasks
from ops.jobs import add_auto_pay_job, get_auto_pay_job_status, get_jobs_for_subscription, stats, view, work
from ops.jobs import ask as asking
from ops.models import Job
from payments.models import Attempt, Payment
from tests.billing.world import rows_everywhere
from tests.ops.world import fill, mark, open_payment, say, settle, subscribe
from tests.payments.scripted import declined, paid

OLGA = Actor("olga", "user", Role.OPERATOR)


def due_again(world, scripted):
    """A subscription whose first period is paid and whose second is due."""
    subscription = subscribe(world)
    world.bill()
    settle(scripted)
    world.later(days=31)
    return subscription


# --- the three functions of row 1.3 ---------------------------------------------------------------


def test_a_job_is_added_followed_and_listed(world, scripted):
    subscription = due_again(world, scripted)
    job = add_auto_pay_job(subscription.pk, by=OLGA)
    assert (job.status, job.progress, job.attempts_made, job.result) == ("waiting", 10, 0, None)
    assert job.data == {
        "subscription_id": subscription.pk, "user_address": "w", "recipient_address": "ada-wallet",
        "service_name": "Pro", "amount_minor": 1000, "currency": "USDC",
    }  # fmt: skip
    assert Payment.objects.get(pk=job.job_id).state == "scheduled"
    settle(scripted)
    done = get_auto_pay_job_status(job.job_id)
    assert (done.status, done.progress, done.attempts_made) == ("completed", 100, 1)
    assert done.result is not None
    assert done.result["transaction_hash"] == Attempt.objects.get(payment_id=job.job_id).identity
    assert (done.result["success"], done.result["amount_minor"]) == (True, 1000)
    first, second = get_jobs_for_subscription(subscription.pk)
    assert first.job_id == job.job_id
    assert second.created_at < first.created_at
    assert [each.job_id for each in get_jobs_for_subscription(subscription.pk, before=first.job_id)] == [
        second.job_id
    ]


def test_a_second_trigger_is_refused_while_the_first_is_under_way(world, scripted):
    subscription = due_again(world, scripted)
    add_auto_pay_job(subscription.pk, by=OLGA)
    before = rows_everywhere()
    with pytest.raises(Refusal, match="already under way"):
        add_auto_pay_job(subscription.pk, by=OLGA)
    assert rows_everywhere() == before


def test_nothing_is_added_where_auto_pay_is_off(world, scripted):
    subscription = due_again(world, scripted)
    Subscription.objects.filter(pk=subscription.pk).update(auto_pay=False)
    before = rows_everywhere()
    with pytest.raises(Refusal) as refused:
        add_auto_pay_job(subscription.pk, by=OLGA)
    assert refused.value.code == "auto_pay_off"
    assert rows_everywhere() == before


def test_without_a_method_the_invoices_reason_is_told_and_nothing_is_written(world, scripted):
    subscription = due_again(world, scripted)
    Subscription.objects.filter(pk=subscription.pk).update(method_id=None)
    before = rows_everywhere()
    with pytest.raises(Refusal) as refused:
        add_auto_pay_job(subscription.pk, by=OLGA)
    assert refused.value.code == "no_payment_method"
    assert rows_everywhere() == before


def test_who_may_only_look_may_not_trigger(world, scripted):
    subscription = due_again(world, scripted)
    with pytest.raises(NotAllowed):
        add_auto_pay_job(subscription.pk, by=Actor("vera", "user", Role.VIEWER))


def test_what_there_is_not_is_refused(world):
    for call in (get_auto_pay_job_status, get_jobs_for_subscription):
        with pytest.raises(Refusal):
            call(uuid7())
    with pytest.raises(Refusal):
        add_auto_pay_job(uuid7(), by=SYSTEM)


# --- statuses (row 1.14) and progress (row 1.5) ---------------------------------------------------


def test_every_fate_has_its_status_its_progress_and_its_reason(world, scripted):
    payments = fill(world, scripted)
    shown = {name: view.find(payment) for name, payment in payments.items()}
    assert {name: (job.status, job.progress) for name, job in shown.items()} == {
        "paid": ("completed", 100), "declined": ("failed", 100), "pending": ("active", 50),
        "waiting": ("delayed", 10), "late": ("completed", 100), "differs": ("delayed", 50),
    }  # fmt: skip
    assert shown["declined"].result is not None
    assert shown["declined"].result["success"] is False
    assert shown["declined"].reason == shown["declined"].result["error"] == "the allowance is too small"
    assert shown["waiting"].reason.startswith("Waits for funds")
    assert "900" in shown["differs"].reason
    assert shown["paid"].reason == ""


def test_an_unknown_outcome_is_active_with_its_reason(world, scripted):
    subscription = subscribe(world)
    world.bill()
    payment = open_payment(subscription)
    mark()
    sent = view.find(payment)
    assert (sent.status, sent.progress, sent.reason) == ("active", 30, "")
    say(payment, paid(outcome=Outcome.UNKNOWN, code="timeout"))
    unknown = view.find(payment)
    assert (unknown.status, unknown.progress) == ("active", 50)
    assert "unknown" in unknown.reason
    say(payment, paid(outcome=Outcome.PENDING, provisional=True))
    assert view.find(payment).progress == 80


def test_jobs_are_counted_and_listed_by_status(world, scripted):
    fill(world, scripted)
    asking.ask("maintenance", by=OLGA)
    counted = stats.counts()
    # 12 payments: the 6 of the first period, and the second one's fates.
    assert counted == {
        "waiting": 1, "active": 1, "completed": 7, "failed": 1, "delayed": 2, "capped": False,
    }  # fmt: skip
    for status in view.STATUSES:
        listed = view.newest(status=status)
        # A late one is no success of billing's day, and a completed job all the same.
        assert len(listed) == counted[status] + (status == "completed")
        assert {job.status for job in listed} <= {status}
    everything = view.newest(most=13)
    assert len(everything) == 13
    assert [job.job_id for job in everything] == sorted((job.job_id for job in everything), reverse=True)
    assert view.newest(before=everything[4].job_id, most=3) == everything[5:8]
    with pytest.raises(Refusal):
        view.newest(status="gone")


def test_a_failed_job_is_seen_as_failed(world, scripted):
    subscription = subscribe(world)
    world.bill()
    payment = open_payment(subscription)
    scripted.looks[payment] = [declined()]
    settle(scripted)
    assert [job.job_id for job in view.newest(status="failed")] == [payment]


# --- an operator's jobs ---------------------------------------------------------------------------


def test_asking_again_while_one_waits_gives_that_one(world):
    first = asking.ask("process_due", by=OLGA, reason="a drill")
    again = asking.ask("process_due", by=SYSTEM)
    assert (first.new, again.new, again.job.pk) == (True, False, first.job.pk)
    assert asking.ask("maintenance", by=OLGA).new
    assert Entry.objects.filter(verb="ask_process_due", actor="olga", reason="a drill").count() == 1
    assert Entry.objects.filter(verb__startswith="ask_").count() == 2
    work.work_one()
    assert asking.ask("process_due", by=OLGA).new


def test_a_job_is_done_once_and_says_what_it_did(world):
    subscribe(world)
    billed_before = Payment.objects.count()
    asked = asking.ask("maintenance", by=OLGA).job
    assert work.waiting()
    assert tasks.work_jobs()["days"] == 0
    assert tasks.work_jobs() == {}
    done = Job.objects.get(pk=asked.pk)
    assert (done.state, done.taken_count, done.next_action_at, done.error) == ("completed", 1, None, "")
    assert done.counts["skipped"] is False
    assert view.find(asked.pk).result == {"success": True, "counts": done.counts}
    assert Payment.objects.count() == billed_before


def test_a_cycle_by_hand_bills_what_is_due_on_every_moving_clock(world, monkeypatch):
    seen = []
    monkeypatch.setitem(work.VERBS, "process_due", lambda: seen.append(1) or {"claimed": 3})
    asking.ask("process_due", by=OLGA)
    assert work.work_one(task_id="t-1") == {"jobs": 1, "claimed": 3}
    (done,) = Job.objects.all()
    assert (seen, done.task_id, done.counts) == ([1], "t-1", {"claimed": 3})


def test_a_job_that_fails_is_tried_again_and_then_has_failed_with_its_error(world, monkeypatch):
    def broken() -> dict:
        raise RuntimeError("the world is upside down")

    monkeypatch.setitem(work.VERBS, "maintenance", broken)
    asked = asking.ask("maintenance", by=OLGA).job
    for take in range(1, work.MOST_TAKES + 1):
        Job.objects.filter(next_action_at__isnull=False).update(next_action_at=clock.machine_now())
        assert work.work_one() == {"failed": 1}
        now = Job.objects.get(pk=asked.pk)
        assert (now.taken_count, now.error) == (take, "RuntimeError: the world is upside down")
        assert view.find(asked.pk).status == ("delayed" if take < work.MOST_TAKES else "failed")
    assert (now.state, now.next_action_at) == ("failed", None)
    assert work.work_one() == {}


def test_a_killed_workers_job_is_found_again_and_given_up_in_the_end(world, monkeypatch):
    asked = asking.ask("maintenance", by=OLGA).job
    for _ in range(work.MOST_TAKES):
        Job.objects.filter(pk=asked.pk).update(next_action_at=clock.machine_now())
        taken = work._take("killed")
        assert taken is not None
        assert work.work_one() == {}, "nobody else takes it while its lease runs"
    assert Job.objects.get(pk=asked.pk).next_action_at > clock.machine_now() + timedelta(seconds=240)
    Job.objects.filter(pk=asked.pk).update(next_action_at=clock.machine_now())
    assert work.work_one() == {"failed": 1}
    assert "killed" in Job.objects.get(pk=asked.pk).error


def test_a_worker_that_wakes_up_late_writes_nothing(world):
    asked = asking.ask("maintenance", by=OLGA).job
    late = work._take("late")
    Job.objects.update(next_action_at=clock.machine_now())
    other = work._take("other")
    assert late is not None
    assert other is not None
    work._finish(late, state="completed", counts={"late": 1}, error="")
    assert Job.objects.get(pk=asked.pk).state == "active"
    work._finish(other, state="completed", counts={"other": 1}, error="")
    assert Job.objects.get(pk=asked.pk).counts == {"other": 1}


def test_asking_needs_an_operator_and_a_known_kind(world):
    with pytest.raises(NotAllowed):
        asking.ask("process_due", by=Actor("vera", "user", Role.VIEWER))
    with pytest.raises(Refusal):
        asking.ask("payout_everything", by=SYSTEM)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "change",
    ["state = 'completed', next_action_at = NULL", "next_action_at = NULL", "state = 'gone'"],
)
def test_the_database_refuses_what_makes_no_sense(world, change):
    asking.ask("process_due", by=OLGA)
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE ops_job SET {change}")


def test_many_workers_and_askers_make_one_job_and_do_it_once(committed, monkeypatch):
    done = []
    monkeypatch.setitem(work.VERBS, "process_due", lambda: done.append(1) or {})
    barrier = threading.Barrier(8)

    def race() -> None:
        try:
            barrier.wait()
            asked.append(asking.ask("process_due", by=SYSTEM).job.pk)
            barrier.wait()
            worked.append(work.work_one())
        finally:
            connection.close()

    asked, worked = [], []
    threads = [threading.Thread(target=race) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    jobs = Job.objects.count()
    Job.objects.all().delete()
    assert (len(asked), len(set(asked)), jobs) == (8, 1, 1)
    assert (len(done), len([w for w in worked if w])) == (1, 1)
