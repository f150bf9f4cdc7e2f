"""Money that came late, twice, in another amount, or for nobody: always booked, and a person decides."""

from __future__ import annotations

import time

from engine.core import clock
from engine.ledger import balances
from engine.ledger.models import Transfer
from engine.providers.base import FailureClass, Finding, Outcome
from payments.models import Attempt, Case, Payment
from payments.pipeline import evidence, verify
from payments.pipeline.evidence import Said
from tests.payments.scripted import declined, paid
from tests.payments.steps import LANE, apply_all, mark, run


def test_a_different_amount_is_booked_to_suspense_and_parked(world, new_payment, payment, told, monkeypatch):
    one = new_payment()
    world.looks[one] = [paid(gross_minor=900, currency="USDC", fee_minor=50)]
    run(monkeypatch)
    found = payment(one)
    assert found.state == "in_flight"
    assert found.parked_at is not None
    assert told == []
    assert Attempt.objects.get().state == "unknown"
    assert Case.objects.get().kind == "amount_differs"
    amounts = balances.balances(found.accounts.values())
    assert amounts[found.accounts["suspense"]] == -900


def test_money_after_the_end_goes_to_unapplied_and_opens_a_case(
    world, new_payment, payment, told, monkeypatch
):
    one = new_payment()
    world.looks[one] = [declined()]
    run(monkeypatch)
    attempt = Attempt.objects.get()
    late = paid(gross_minor=1000, currency="USDC", fee_minor=50)
    evidence.store([Said(attempt.pk, one, 1, "lookup", late), Said(attempt.pk, one, 1, "lookup", late)])
    apply_all()
    assert payment(one).state == "succeeded_late"
    assert [(each.state, each.settled_minor) for each in told] == [("failed", 0), ("succeeded_late", 1000)]
    assert Case.objects.get().kind == "paid_after_close"
    amounts = balances.balances(payment(one).accounts.values())
    assert amounts[payment(one).accounts["unapplied"]] == -1000


def test_a_refusing_hook_can_not_stop_the_booking(world, new_payment, payment, monkeypatch):
    from engine.core.errors import Refusal

    def refuse(changes):
        raise Refusal("over", "more than is due")

    monkeypatch.setattr("tests.payments.conftest.listener", refuse)
    one, other = new_payment(), new_payment()
    run(monkeypatch)
    for found in (payment(one), payment(other)):
        assert found.state == "succeeded"
        assert "more than is due" in found.parked_reason
        assert balances.balances([found.accounts["receivable"]])[found.accounts["receivable"]] == 0
    assert Transfer.objects.filter(kind="payment.refused").count() == 4


def test_a_parked_payment_is_left_alone_until_conclusive_evidence(
    world, new_payment, payment, told, monkeypatch
):
    from payments.pipeline import park

    one = new_payment()
    world.looks[one] = [Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "cannot_tell", detail={"park": True})]
    run(monkeypatch)
    assert payment(one).parked_at is not None
    attempt = Attempt.objects.get()
    evidence.store([Said(attempt.pk, one, 1, "callback", Finding(Outcome.PENDING, code="seen"))])
    apply_all()
    assert payment(one).next_action_at is None
    assert verify.take_open(LANE, most=5) == []
    good = paid(gross_minor=1000, currency="USDC", fee_minor=50)
    evidence.store([Said(attempt.pk, one, 1, "callback", good)])
    apply_all()
    assert (payment(one).state, payment(one).parked_at, payment(one).parked_reason) == ("succeeded", None, "")
    assert [change.state for change in told] == ["succeeded"]
    waiting = new_payment()
    park.park([waiting], "a person looks at it", machine_at=clock.machine_now())
    assert mark() == []


def test_a_technical_decline_never_reaches_the_payer(world, new_payment, payment, told, monkeypatch):
    one = new_payment()
    world.looks[one] = [Finding(Outcome.DECLINED, FailureClass.TECHNICAL, "program_error")]
    run(monkeypatch)
    assert (payment(one).state, payment(one).waiting, told) == ("scheduled", "retry", [])
    assert Attempt.objects.get().state == "declined"
    time.sleep(0.03)
    world.looks[one] = []
    run(monkeypatch)
    assert payment(one).state == "succeeded"


def test_declines_for_no_fault_of_the_payer_end_with_a_person(world, new_payment, payment, told, monkeypatch):
    one = new_payment()
    world.looks[one] = [
        Finding(Outcome.DECLINED, FailureClass.TECHNICAL, "program_error", "the chain refused it")
    ]
    for declines in range(1, 4):
        run(monkeypatch)
        assert (Attempt.objects.filter(state="declined").count(), payment(one).state) == (
            declines,
            "scheduled",
        )
        assert bool(payment(one).parked_at) is (declines == 3)
        time.sleep(0.05 * 2**declines)
    assert payment(one).parked_reason == (
        "it was refused 3 times for no fault of the payer: the chain refused it"
    )
    assert (payment(one).next_action_at, told, mark()) == (None, [], [])


def test_what_did_not_leave_is_no_decline(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.replies[one] = [Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")]
    for _ in range(4):
        run(monkeypatch)
        Payment.objects.filter(pk=one).update(next_action_at=clock.machine_now())
    world.replies[one], world.looks[one] = (
        [],
        [Finding(Outcome.DECLINED, FailureClass.TECHNICAL, "program_error")],
    )
    run(monkeypatch)
    assert (Attempt.objects.count(), payment(one).parked_at) == (5, None)


def test_what_was_said_of_an_earlier_attempt_goes_before_a_new_one(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.replies[one] = [Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")]
    run(monkeypatch)
    assert payment(one).state == "scheduled"
    attempt = Attempt.objects.get()
    late = paid(gross_minor=1000, currency="USDC", fee_minor=50)
    evidence.store([Said(attempt.pk, one, 1, "lookup", late)])
    time.sleep(0.05)
    assert mark() == []
    apply_all()
    assert "collect twice" in payment(one).parked_reason
    assert mark() == []


def test_a_rolled_back_account_is_not_remembered(db):
    from django.db import transaction

    from engine.core.ids import uuid7
    from engine.ledger import accounts
    from engine.ledger.models import Account

    key = accounts.Key("receivable", "USDC", uuid7())
    with transaction.atomic():
        accounts.ensure([key])
        accounts.ensure([key])
        transaction.set_rollback(True)
    found = accounts.ensure([key])
    assert Account.objects.filter(pk=found[key]).exists()
