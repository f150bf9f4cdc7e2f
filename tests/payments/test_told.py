"""Setting a payment aside is a change like any other: it has a version, and an event that tells it."""

from __future__ import annotations

from uuid import UUID

from engine.core.actor import SYSTEM
from engine.core.errors import Refusal
from engine.outbox.models import Event
from engine.providers.base import FailureClass, Finding, Outcome
from payments import operate
from payments.models import Attempt, Payment
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.payments.scripted import declined, paid
from tests.payments.steps import apply_all, run

GOOD = paid(gross_minor=1000, currency="USDC", fee_minor=50)


def told(one: UUID) -> list[str]:
    """The types in order, after a check that every version from the second event on has its one event."""
    found = list(Event.objects.filter(object_id=one, object_kind="payment").order_by("seq"))
    seqs = [event.seq for event in found]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert Payment.objects.get(pk=one).version == seqs[-1]
    return [event.type.removeprefix("payment.") for event in found]


def test_a_mismatch_is_told_with_its_case(world, new_payment, monkeypatch):
    one = new_payment()
    world.looks[one] = [paid(gross_minor=900, currency="USDC", fee_minor=50)]
    run(monkeypatch)
    assert told(one)[-1] == "parked"
    payload = Event.objects.get(type="payment.parked").payload
    assert (payload["case"], payload["state"]) == ("amount_differs", "in_flight")


def test_what_a_refused_hook_parks_is_told_after_its_success(world, new_payment, monkeypatch):
    def refuse(changes):
        raise Refusal("over", "more than is due")

    monkeypatch.setattr("tests.payments.conftest.listener", refuse)
    one, other = new_payment(), new_payment()
    run(monkeypatch)
    assert told(one)[-2:] == told(other)[-2:] == ["succeeded", "parked"]


def test_a_late_success_is_told_in_order(world, new_payment, monkeypatch):
    one = new_payment()
    world.looks[one] = [declined()]
    run(monkeypatch)
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "lookup", GOOD)])
    apply_all()
    assert [kind for kind in told(one) if kind in ("failed", "succeeded_late")] == [
        "failed",
        "succeeded_late",
    ]


def test_parking_and_unparking_by_hand_are_told(world, new_payment, monkeypatch):
    one = new_payment()
    operate.park_payment(one, reason="a drill", by=SYSTEM)
    operate.unpark(one, reason="it is over", by=SYSTEM)
    assert told(one)[-2:] == ["parked", "unparked"]
    assert Event.objects.get(type="payment.unparked").payload["reason"] == "it is over"
    run(monkeypatch)
    assert told(one)[-1] == "succeeded"


def test_what_is_parked_again_or_ends_parked_is_told_once(world, new_payment, monkeypatch):
    one = new_payment()
    unclear = Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "cannot_tell", detail={"park": True})
    world.looks[one] = [unclear]
    run(monkeypatch)
    attempt = Attempt.objects.get()
    evidence.store([Said(attempt.pk, one, 1, "callback", unclear)])
    apply_all()
    evidence.store([Said(attempt.pk, one, 1, "callback", GOOD)])
    apply_all()
    assert told(one)[-2:] == ["parked", "succeeded"]
