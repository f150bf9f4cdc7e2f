"""Money came under an earlier attempt: the payment's end says so, to the source, to people, and to who asks again."""

from __future__ import annotations

import time
from uuid import UUID

import pytest

from engine.core import clock
from engine.ledger.models import Transfer
from engine.outbox.models import Event
from engine.providers.base import FailureClass, Finding, Outcome
from payments import cancel, story
from payments.models import Attempt, Case
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.payments.scripted import declined, paid
from tests.payments.steps import apply_all, mark, run
from tests.payments.test_told import told as events_of

NOT_LEFT = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")
GOOD = paid(gross_minor=1000, currency="USDC", fee_minor=50)


def paid_earlier(one: UUID, world, monkeypatch) -> Attempt:
    """Attempt 1 did not leave, as it seemed, and was paid; attempt 2 is in flight."""
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    first = Attempt.objects.get(payment_id=one)
    time.sleep(0.05)
    assert len(mark()) == 1
    evidence.store([Said(first.pk, one, 1, "lookup", GOOD)])
    apply_all()
    return Attempt.objects.exclude(pk=first.pk).get(payment_id=one)


def say(attempt: Attempt, finding: Finding) -> None:
    source = "local" if finding is NOT_LEFT else "lookup"
    evidence.store([Said(attempt.pk, attempt.payment_id, 1, source, finding)])
    apply_all()


@pytest.mark.parametrize("finding", [NOT_LEFT, declined()], ids=["not left", "declined"])
@pytest.mark.parametrize("stopped", [False, True], ids=["", "called back meanwhile"])
def test_its_end_is_a_late_success(world, new_payment, payment, monkeypatch, told, finding, stopped):
    one = new_payment()
    second = paid_earlier(one, world, monkeypatch)
    Case.objects.update(closed_at=clock.machine_now())
    if stopped:
        source, now = payment(one).source_id, clock.machine_now()
        cancel.call_back("test", [source], code="subscription_canceled", reason="x", machine_at=now)
    say(second, finding)
    found = payment(one)
    assert (found.state, found.settled_minor, found.parked_at) == ("succeeded_late", 1000, None)
    assert [(each.state, each.settled_minor) for each in told] == [("canceled", 0), ("succeeded_late", 1000)]
    assert told[0].failure_code == "paid_earlier"
    assert story.sentence(found).startswith("Paid after it had been given up")
    assert events_of(one)[-2:] == ["canceled", "succeeded_late"]
    first = Attempt.objects.get(payment_id=one, seq=1)
    late = Event.objects.get(object_id=one, type="payment.succeeded_late").payload
    assert (late["identity"], late["state"]) == (first.identity, "succeeded_late")
    assert sorted(Transfer.objects.values_list("kind", "source_id", "amount_minor")) == [
        ("payment.succeeded_late", first.pk, 50), ("payment.succeeded_late", first.pk, 950),
    ]  # fmt: skip
    assert mark() == []
