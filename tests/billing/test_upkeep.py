from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django_celery_results.models import TaskResult
from structlog.testing import capture_logs

from billing import cycle, expire, hold, tasks, upkeep
from billing.models import DailyReport, Subscription
from engine.core import clock
from engine.core.ids import first_at, uuid7
from engine.core.money import MAX_MINOR
from engine.ledger.models import Transfer
from engine.outbox.models import Event
from ops import figures
from payments.models import Payment
from tests.billing.world import World, end, invoices

END = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)


def test_what_has_ended_expires_once(world: World) -> None:
    subscription = world.subscription(ends_at=END)
    world.at(END - timedelta(seconds=1))
    cycle.claim(world.clock_id)
    assert expire.expire_ended(world.clock_id) == 0
    world.at(END)
    assert expire.expire_ended(world.clock_id) == 1
    assert expire.expire_ended(world.clock_id) == 0
    subscription.refresh_from_db()
    assert (subscription.state, subscription.ended_at, subscription.next_due_at) == ("expired", END, None)
    assert Event.objects.filter(type="subscription.expired").count() == 1


def test_a_period_that_is_still_due_is_billed_before_the_end(world: World) -> None:
    subscription = world.subscription(ends_at=END)
    world.at(END + timedelta(days=9))
    assert expire.expire_ended(world.clock_id) == 0
    world.bill()
    assert len(invoices(subscription)) == 2
    assert expire.expire_ended(world.clock_id) == 1


def test_a_held_subscription_waits_for_a_person_not_for_its_end(world: World) -> None:
    subscription = world.subscription(ends_at=END)
    Subscription.objects.filter(pk=subscription.pk).update(
        next_due_at=None, held_code=hold.BAD_DATA, held_reason="Bad."
    )
    world.at(END)
    assert expire.expire_ended(world.clock_id) == 0


@pytest.fixture
def ended(world: World) -> World:
    every = [world.subscription() for _ in range(4)]
    cycle.finalize()
    for each, state in zip(every, ["succeeded", "succeeded", "failed", "canceled"], strict=True):
        end(invoices(each)[0].pk, state)
    now = clock.machine_now()
    Payment.objects.update(created_at=now - timedelta(seconds=4), ended_at=now)
    for each in Payment.objects.filter(state="succeeded"):
        book(each, "payment.succeeded", now)
    return world


def book(payment: Payment, kind: str, at: datetime, minor: int = 1000) -> None:
    """What a posting at `at` would be: of what the invoice's payer owes, and of the fee."""
    roles = [(0, "settled_direct", "receivable", minor), (2, "billed", "fee_income", minor // 40)]
    for seq, debit, credit, amount in roles:
        sides = (payment.accounts[debit], payment.accounts[credit])
        if kind.endswith("reversed"):
            sides = sides[::-1]
        Transfer.objects.create(
            id=UUID(int=first_at(at).int | uuid7().int & (1 << 62) - 1), kind=kind, source_id=payment.pk, seq=seq,
            debit_id=sides[0], credit_id=sides[1], currency=payment.currency, amount_minor=amount, business_at=at,
            posted_at=at,
        )  # fmt: skip


def backdate(payments: list[Payment], at: datetime) -> None:
    """As if they had been paid then."""
    Payment.objects.filter(pk__in=[each.pk for each in payments]).update(ended_at=at)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "DELETE FROM engine_ledger_transfer WHERE source_id = ANY(%s)", [[each.pk for each in payments]]
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    for each in payments:
        book(each, "payment.succeeded", at)


def test_a_day_is_computed_from_its_rows_and_again_gives_the_same(ended: World) -> None:
    today = clock.machine_now().astimezone(UTC).date()
    for _ in range(2):
        assert upkeep.report_day(today)
        report = DailyReport.objects.get()
        assert (report.day, report.currency) == (today, "USDC")
        assert (report.succeeded, report.succeeded_minor, report.fee_minor) == (2, 2000, 50)
        assert (report.failed, report.failed_minor) == (1, 1000)
        assert (report.canceled, report.canceled_minor) == (1, 1000)
        assert report.average_seconds == pytest.approx(4)


def test_a_payment_with_a_leg_for_its_fee_counts_once_in_the_average(ended: World) -> None:
    one = Payment.objects.filter(state="succeeded").earliest("pk")
    Payment.objects.filter(pk=one.pk).update(created_at=one.created_at - timedelta(seconds=6))
    whole = Transfer.objects.get(source_id=one.pk, seq=0)
    whole.pk, whole.seq, whole.amount_minor = uuid7(), 1, 25
    whole.save(force_insert=True)
    upkeep.report_day(clock.machine_now().astimezone(UTC).date())
    assert DailyReport.objects.get().average_seconds == pytest.approx(7)


def test_a_payment_that_is_all_fee_counts_in_the_average(ended: World) -> None:
    one = Payment.objects.filter(state="succeeded").earliest("pk")
    Payment.objects.filter(pk=one.pk).update(created_at=one.created_at - timedelta(seconds=6))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE engine_ledger_transfer SET seq = 1 WHERE source_id = %s AND seq = 0", [one.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    upkeep.report_day(clock.machine_now().astimezone(UTC).date())
    assert DailyReport.objects.get().average_seconds == pytest.approx(7)


def test_a_report_has_a_timeout_of_its_own(ended: World) -> None:
    upkeep.report_day(clock.machine_now().date())
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'")
        assert cursor.fetchone()[0] == upkeep.REPORT_SECONDS * 1000  # of this test's own transaction


def test_another_days_payments_are_not_counted(ended: World) -> None:
    yesterday = clock.machine_now().astimezone(UTC).date() - timedelta(days=1)
    upkeep.report_day(yesterday)
    assert not DailyReport.objects.exists()


def test_days_that_were_missed_are_made_up_for_however_long_ago(ended: World) -> None:
    """Row 0.54: the total is that of all payments, after a year in which nobody reported."""
    now = clock.machine_now()
    paid = list(Payment.objects.filter(state="succeeded"))
    backdate(paid[:1], now - timedelta(days=400))
    Payment.objects.filter(state="failed").update(ended_at=now - timedelta(days=40))
    today = now.astimezone(UTC).date()
    upkeep.report_day(today)  # as statistics and reports of a range do, whatever came before
    assert upkeep.statistics()["revenue_minor"] == {"USDC": 1000}
    assert upkeep.maintain().days == 3
    assert upkeep.statistics()["revenue_minor"] == {"USDC": 2000}
    assert {(today - report.day).days for report in DailyReport.objects.all()} == {400, 40, 0}
    assert upkeep.maintain().days == 1, "today's is not over yet, the others are"


def test_a_report_that_was_written_before_its_day_was_over_is_written_again(ended: World) -> None:
    long_ago = clock.machine_now() - timedelta(days=90)
    Payment.objects.update(ended_at=long_ago)
    backdate(list(Payment.objects.filter(state="succeeded")), long_ago)
    upkeep.report_day(long_ago.astimezone(UTC).date())
    assert upkeep.maintain().days == 0
    DailyReport.objects.update(computed_at=long_ago, succeeded_minor=1)
    assert upkeep.maintain().days == 1
    assert upkeep.statistics()["revenue_minor"] == {"USDC": 2000}


def test_what_is_taken_back_or_paid_late_counts_on_its_own_day(ended: World) -> None:
    """No day's figures change after it is over, and the total is what was paid and not taken back."""
    now = clock.machine_now()
    paid, failed = list(Payment.objects.filter(state="succeeded")), Payment.objects.get(state="failed")
    first = now - timedelta(days=3)
    backdate(paid, first)
    upkeep.maintain()
    book(paid[0], "payment.reversed", now)
    Payment.objects.filter(pk=paid[0].pk).update(state="reversed", settled_minor=0, ended_at=now)
    book(paid[1], "payment.reversed", now)
    Payment.objects.filter(pk=paid[1].pk).update(state="reversed", settled_minor=0, ended_at=now)
    book(failed, "late.applied", now, 400)
    for _ in range(2):
        for day in (first, now):
            upkeep.report_day(day.astimezone(UTC).date())
        found = DailyReport.objects.order_by("day").values_list("succeeded", "succeeded_minor", "fee_minor")
        assert list(found) == [(2, 2000, 50), (1, 400 - 2000, 10 - 50)]
    assert upkeep.statistics()["revenue_minor"] == figures.metrics()["revenue_minor"] == {"USDC": 400}
    assert upkeep.maintain().days == 1, "today's"


def test_the_total_does_not_depend_on_which_day_was_reported_last(ended: World) -> None:
    now = clock.machine_now()
    upkeep.report_day((now - timedelta(days=1)).astimezone(UTC).date())
    upkeep.report_day(now.astimezone(UTC).date())
    DailyReport.objects.update(computed_at=now)
    book(Payment.objects.get(state="failed"), "late.applied", now)
    backdate(list(Payment.objects.filter(state="canceled")), now - timedelta(days=2))
    upkeep.report_day((now - timedelta(days=2)).astimezone(UTC).date())
    assert figures.metrics()["revenue_minor"] == {"USDC": 4000}


def test_a_sum_beyond_64_bits_stops_no_report(ended: World) -> None:
    """The columns are 64 bits: the most there is is written, and said; sums over payments and reports are exact."""
    for each in Payment.objects.filter(state="succeeded"):
        book(each, "late.applied", clock.machine_now(), MAX_MINOR)
    with capture_logs() as logged:
        assert upkeep.maintain().days == 1
    assert [(line["log_level"], line["currencies"]) for line in logged] == [("error", ["USDC"])]
    report = DailyReport.objects.get()
    assert (report.succeeded, report.succeeded_minor, report.failed_minor) == (2, MAX_MINOR, 1000)
    DailyReport.objects.create(day="2026-01-01", currency="USDC", succeeded_minor=MAX_MINOR, computed_at=END)
    assert upkeep.statistics()["revenue_minor"] == {"USDC": 2 * MAX_MINOR}


def test_statistics_come_from_rows(ended: World) -> None:
    found = upkeep.statistics()
    assert (found["processed_today"], found["failed_today"]) == (2, 1)
    assert found["revenue_minor"] == {"USDC": 2000}
    assert found["average_processing_seconds"] == pytest.approx(4)
    assert found["subscriptions"] == {"incomplete": 4}


def test_the_last_cycle_is_the_newest_that_ended_well(world: World) -> None:
    """Row 0.56."""
    assert upkeep.statistics()["last_cycle_at"] is None
    now = clock.machine_now()
    ended = [
        ("claim_due", "SUCCESS", 300),
        ("claim_due", "SUCCESS", 600),
        ("claim_due", "FAILURE", 9),
        ("other", "SUCCESS", 9),
    ]
    for name, status, ago in ended:
        row = TaskResult.objects.create(
            task_id=f"{name}{status}{ago}", task_name=f"billing.{name}", status=status
        )
        TaskResult.objects.filter(pk=row.pk).update(date_done=now - timedelta(seconds=ago))
    assert upkeep.statistics()["last_cycle_at"] == now - timedelta(seconds=300)


def test_maintenance_tells_the_figures_in_its_result(ended: World) -> None:
    """As the result's row keeps them: JSON."""
    told = json.loads(json.dumps(tasks.maintenance()))
    assert (told["expired"], told["days"], told["skipped"]) == (0, 1, False)
    assert (told["processed_today"], told["failed_today"], told["revenue_minor"]) == (2, 1, {"USDC": 2000})
    assert told["last_cycle_at"] is None


def test_no_payments_no_average(world: World) -> None:
    assert upkeep.statistics()["average_processing_seconds"] is None
