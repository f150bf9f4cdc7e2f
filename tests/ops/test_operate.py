"""An operator's verbs: what they change, and what they refuse."""

from __future__ import annotations

from uuid import UUID

import pytest

from engine.core import clock
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from payments import find, operate
from payments.models import Attempt, Case, Payment
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.ops.world import WHOLE, mark, say
from tests.payments.scripted import paid

WHO = {"reason": "a drill", "by": Actor("ada", "user", Role.OPERATOR)}


@pytest.fixture
def payments(standing_payments) -> dict[str, UUID]:
    return standing_payments


def get(payment_id: UUID) -> Payment:
    return Payment.objects.get(pk=payment_id)


def refused(verb, payment_id: UUID, **changes: str) -> str:
    before = list(Payment.objects.order_by("pk").values())
    with pytest.raises(Refusal) as caught:
        verb(payment_id, **(WHO | changes))
    assert list(Payment.objects.order_by("pk").values()) == before
    return caught.value.code


def test_a_parked_payment_is_not_sent_until_it_is_unparked(payments):
    one = payments["waiting"]
    operate.park_payment(one, **WHO)
    assert get(one).parked_reason == "a drill"
    assert get(one).next_action_at is None
    assert refused(operate.retry_now, one) == "parked"
    assert refused(operate.park_payment, one) == "parked_already"
    operate.unpark(one, **WHO)
    assert (get(one).parked_at, get(one).waiting) == (None, "")
    assert [marked.sendable.payment_id for marked in mark()] == [one]


def test_unparking_what_is_in_flight_looks_it_up_now(payments):
    one = payments["pending"]
    operate.park_payment(one, **WHO)
    operate.unpark(one, **WHO)
    assert get(one).state == "in_flight"
    assert get(one).next_action_at <= clock.machine_now()
    assert mark() == []


def test_a_look_and_a_retry_can_be_brought_forward(payments):
    now = clock.machine_now()
    for verb, one in ((operate.verify_now, payments["pending"]), (operate.retry_now, payments["waiting"])):
        Payment.objects.filter(pk=one).update(next_action_at=now.replace(year=now.year + 1))
        verb(one, **WHO)
        assert get(one).next_action_at <= clock.machine_now()


def test_nothing_is_done_without_a_reason_or_a_payment(payments):
    for verb in (operate.park_payment, operate.unpark, operate.verify_now, operate.retry_now):
        assert refused(verb, payments["waiting"], reason=" ") == "reason_missing"
        assert refused(verb, uuid7()) == "payment_unknown"


def test_what_has_ended_stays_as_it_is(payments):
    for one in (payments["paid"], payments["declined"], payments["late"]):
        assert refused(operate.park_payment, one) == "payment_ended"
        assert refused(operate.verify_now, one) == "not_in_flight"
        assert refused(operate.retry_now, one) == "not_scheduled"
        assert refused(operate.unpark, one) == "not_parked"


def test_only_what_waits_for_something_is_retried(payments):
    Payment.objects.filter(pk=payments["waiting"]).update(waiting="queue")
    assert refused(operate.retry_now, payments["waiting"]) == "behind_another"
    Payment.objects.filter(pk=payments["waiting"]).update(waiting="")
    assert refused(operate.retry_now, payments["waiting"]) == "not_waiting"


def test_a_payment_whose_amount_differs_is_not_let_go_on(payments):
    assert refused(operate.unpark, payments["differs"]) == "case_open"


def test_unparking_can_not_collect_twice(payments):
    """An attempt that was proved not sent was paid after all, and the payment is scheduled again."""
    one = payments["pending"]
    Attempt.objects.filter(payment_id=one).update(state="unknown")
    Attempt.objects.filter(payment_id=one).update(state="not_sent")
    Payment.objects.filter(pk=one).update(state="scheduled")
    say(one, paid(**WHOLE))
    assert get(one).parked_at is not None
    assert refused(operate.unpark, one) == "case_open"
    Case.objects.filter(payment_id=one).update(closed_at=clock.machine_now())
    assert refused(operate.unpark, one) == "money_arrived"


def test_what_is_on_its_way_is_looked_up_whatever_arrived_before(payments):
    """Parked in flight, an earlier attempt paid: its own outcome must be booked too, and nothing signed anew."""
    one = payments["pending"]
    first = Attempt.objects.get(payment_id=one)
    for state in ("unknown", "not_sent"):
        Attempt.objects.filter(pk=first.pk).update(state=state)
    Attempt.objects.create(**attempt_like(first, seq=2, identity="later"))
    Attempt.objects.filter(pk=first.pk).update(state="succeeded")
    operate.park_payment(one, **WHO)
    operate.unpark(one, **WHO)
    assert (get(one).parked_at, get(one).stop_code, get(one).next_action_at is None) == (
        None,
        "paid_earlier",
        False,
    )


def attempt_like(row: Attempt, **changes: object) -> dict[str, object]:
    values = {field.attname: getattr(row, field.attname) for field in Attempt._meta.concrete_fields}
    return values | {"id": uuid7(), "state": "sent"} | changes


def test_what_was_said_goes_first(payments):
    one = payments["waiting"]
    other = Attempt.objects.get(payment_id=payments["pending"])
    operate.park_payment(one, **WHO)
    evidence.store([Said(other.pk, one, 1, "lookup", paid())])
    assert refused(operate.unpark, one) == "evidence_waits"


def test_a_payment_is_found_by_whatever_names_it(payments):
    one = payments["paid"]
    attempt = Attempt.objects.get(payment_id=one)
    said = attempt.evidence.get()
    for term in (one, one.hex, get(one).source_id, attempt.pk, said.pk, attempt.identity):
        assert one in find.payments(str(term)), term
    assert find.payments("other") == {payments["differs"]}
    assert find.payments("nothing of ours") == set()
