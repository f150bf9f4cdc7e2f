"""What stands still by a rule, and is late nowhere: each place that an operator looks at says it, with its age."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from billing import cycle, hold, resume, stop, story
from billing.api import lists
from billing.models import Invoice, Subscription
from billing.moment import Moment
from engine.core import clock, sql
from engine.core.ids import uuid7
from engine.outbox.models import Event
from engine.providers import registry
from engine.providers.abilities import Standing
from engine.providers.base import Hold, HoldKind
from ops import books, doctor, front, gauges, parts, waits
from ops.api import health
from payments.models import Payment
from payments.pipeline import hold as held
from payments.pipeline.refundable import DISPUTED
from tests.ops.world import open_payment, subscribe

NAMES = ("payments_waiting", "drafts_held", "subscriptions_held")


def shown() -> dict[tuple[str, ...], float]:
    """What the gauges of this say, but for zeros; ages in hours."""
    found: dict[tuple[str, ...], float] = {}
    for each in gauges.read():
        if each.name.startswith(NAMES):
            unit = 3600 if each.name.endswith("_seconds") else 1
            found |= {(each.name, *labels): round(value / unit) for labels, value in each.samples.items()}
    return {name: value for name, value in found.items() if value}


def waiting(world: Any, kind: HoldKind, code: str, *, hours: float) -> None:
    """One payment more that waits so, made hours ago."""
    subscription = subscribe(world)
    world.bill()
    payment, now = open_payment(subscription), clock.machine_now()
    held.write([Hold(payment, kind, code, "A drill.")], machine_at=now)
    Payment.objects.filter(pk=payment).update(created_at=now - timedelta(hours=hours))


def test_who_waits_for_us_or_for_the_payee_is_told_by_reason_and_age(world, scripted):
    waiting(world, HoldKind.PROVIDER, "fee_payer_empty", hours=5)
    waiting(world, HoldKind.PROVIDER, "fee_payer_empty", hours=3)
    waiting(world, HoldKind.PAYEE, "destination_missing", hours=30)
    waiting(world, HoldKind.PROVIDER, "rate_limited", hours=0)
    waiting(world, HoldKind.PROVIDER, DISPUTED[0], hours=70)
    waiting(world, HoldKind.FUNDS, "insufficient_funds", hours=9)
    ours = ("scripted", "provider", "fee_payer_empty")
    payee = ("scripted", "payee", "destination_missing")
    found = shown()
    assert found["payments_waiting", *ours] == 2 and found["payments_waiting_oldest_seconds", *ours] == 5
    assert found["payments_waiting", *payee] == 1 and found["payments_waiting_oldest_seconds", *payee] == 30
    assert found["payments_waiting", "scripted", "provider", "rate_limited"] == 1
    assert not [name for name in found if "insufficient_funds" in name]
    told = [each for each in front.stopped() if each.startswith("Payments wait")]
    assert [each.partition(", the oldest since 20")[0] for each in told] == [
        "Payments wait for the payee (destination_missing): 1",
        "Payments wait for us or scripted (fee_payer_empty): 2",
    ]
    seen = doctor._waiting()
    assert (seen.state, seen.sentence) == ("warn", " ".join(told))


def test_what_is_sent_or_parked_waits_for_nobody(world, scripted):
    waiting(world, HoldKind.PROVIDER, "fee_payer_empty", hours=5)
    assert shown()
    Payment.objects.update(parked_at=clock.machine_now(), next_action_at=None)
    assert shown() == {} and doctor._waiting().state == "ok"


def test_an_empty_fee_payer_is_a_fault_before_anything_waits(world, monkeypatch):
    lacks = Standing(True, "answers", int(clock.machine_now().timestamp()), "our own wallet is empty")
    monkeypatch.setattr(registry, "standing", lambda name: lacks)
    parts.forget()
    seen = doctor._provider("scripted")
    parts.forget()
    assert (seen.state, seen.sentence) == ("fault", "connected, but our own wallet is empty")
    assert seen.mend and health._reached(seen) == "connected"


@pytest.fixture
def held_draft(world) -> Invoice:
    """One that finalize could not work, as its payment was there already."""
    draft = Invoice.objects.get(subscription=subscribe(world))
    now = clock.machine_now()
    Payment.objects.create(
        id=uuid7(), operation="charge", provider="scripted", source_kind="invoice", source_id=draft.pk,
        queue_key=uuid7(), due_at=now, grace_until=now, settlement="direct", currency="USDC", amount_minor=1,
        created_at=now,
    )  # fmt: skip
    assert cycle.finalize().held == 1
    return draft


def three_hours_ago(event: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # past the trigger that keeps history
        Event.objects.filter(type=event).update(created_at=clock.machine_now() - timedelta(hours=3))
        cursor.execute("SET LOCAL session_replication_role = origin")


def listed() -> list[dict[str, Any]]:
    return next(each for each in books.examine().results if each.name == "held").examples


def test_a_held_draft_is_told_until_it_is_released(held_draft):
    three_hours_ago("invoice.held")
    assert shown() == {("drafts_held",): 1, ("drafts_held_oldest_seconds",): 3}
    assert "Drafts held, an approver releases them: 1." in front.stopped()
    (row,) = listed()
    assert (row["invoice_id"], row["held_code"]) == (str(held_draft.pk), "") and row["held_reason"]
    resume.release_draft(held_draft.pk)
    assert shown() == {} and not listed() and not [each for each in front.stopped() if "held" in each]


def told_as_held(subscription: Subscription, code: str) -> bool:
    """Whether it is, by every place that tells of it: they agree."""
    gauge = {("subscriptions_held", code): 1, ("subscriptions_held_oldest_seconds", code): 3}
    (told,) = {
        shown() == gauge,
        [each["subscription_id"] for each in listed()] == [str(subscription.pk)],
        "Subscriptions held, an approver releases them: 1." in front.stopped(),
        list(lists.subscriptions({"held": "true"})) == [subscription],
        "An approver releases it." in story.sentence(Subscription.objects.get(pk=subscription.pk)),
    }
    assert told or shown() == {}
    return told


@pytest.mark.parametrize(
    ("code", "after"), [(hold.CATCH_UP, False), (hold.BAD_DATA, True), (hold.PLAN_INACTIVE, False)]
)
def test_a_held_subscription_is_told_by_its_code_until_nobody_can_release_it(world, code, after):
    """A cancel bills what the catch-up limit held; what its plan's stop held is skipped, and no other is forgotten."""
    subscription = subscribe(world)
    now = clock.machine_now()
    moment = Moment(subscription.clock_id, now, now)
    assert hold.hold([hold.Held(subscription.pk, code, "A drill.")], moment, correlation_id=uuid7())
    three_hours_ago("subscription.held")
    assert told_as_held(subscription, code)
    stop.cancel(subscription.pk, reason="They left.")
    assert told_as_held(subscription, code) is after


def test_they_are_found_by_index(world, scripted):
    """However many wait for nobody. A few rows cost nothing whichever way: a whole read counts as if it were many."""
    asked = {"most": 5, "codes": list(waits.HELD_CODES)}
    with connection.cursor() as cursor:
        for setting in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{setting} = off")
        for name, index in (
            ("waiting_payments", "payments_waiting"), ("held_drafts", "drafts_held"),
            ("held_subscriptions", "subscriptions_held"),
        ):  # fmt: skip
            cursor.execute("EXPLAIN " + sql.statement(waits.__file__, name), asked)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert f"using {index}" in plan and "Seq Scan" not in plan, plan
