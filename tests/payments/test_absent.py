"""What stays unknown is decided by a person: never against a look, once by two above the limit, and never for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings

from engine.audit.models import Entry
from engine.core import clock, sql
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers.base import FailureClass, Finding, Outcome
from payments import absent
from payments import look as look_at
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import evidence, park
from payments.pipeline.evidence import Said
from tests.payments.scripted import paid
from tests.payments.steps import apply_all, look, mark

ADA, BOB = (Actor(name, "user", Role.APPROVER) for name in ("ada", "bob"))
MISSING = Finding(Outcome.MISSING, code="not_seen", detail={"not_seen": True})
WHOLE = paid(gross_minor=1000, currency="USDC", fee_minor=50)


@pytest.fixture
def lost(world, new_payment, payment, monkeypatch):
    """Sent, and never answered; a provider that proves nothing does not know it; parked."""
    monkeypatch.setattr(world, "sheet", replace(world.sheet, absence_certain=(), resend_same_identity=()))
    one = new_payment()
    mark()
    world.looks[one] = [MISSING]
    Attempt.objects.filter(payment_id=one).update(send_by=clock.machine_now() - timedelta(days=2))
    Payment.objects.update(next_action_at=clock.machine_now())
    look()
    park.park([one], "its outcome has been unknown for too long", machine_at=clock.machine_now())
    assert Attempt.objects.get(payment_id=one).state == "unknown"
    return one


def declare(one, by=ADA) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "outside_transaction", lambda: True)  # but for the test's own
        absent.declare_absent(one, reason="their books don't have it", by=by)
    apply_all()


def refused(one, by=ADA) -> str:
    before = list(Payment.objects.values()), Evidence.objects.count()
    with pytest.raises(Refusal) as found:
        declare(one, by)
    assert (list(Payment.objects.values()), Evidence.objects.count()) == before
    return found.value.code


def test_it_is_sent_anew_and_what_comes_of_the_first_after_all_is_a_case(lost, world, payment):
    declare(lost)
    first = Attempt.objects.get(payment_id=lost)
    assert (first.state, payment(lost).state, payment(lost).parked_at) == ("not_sent", "scheduled", None)
    said = list(Evidence.objects.order_by("pk").values_list("source", "outcome", "verdict"))
    assert said[-1] == ("operator", "absent", "declared absent")
    assert Evidence.objects.get(source="operator").detail["look"]["code"] == "not_seen"
    assert first.look_at is not None, "it is looked up once more"
    entry = Entry.objects.get(verb="declare_absent")
    assert (entry.actor, entry.reason) == ("ada", "their books don't have it")
    Payment.objects.update(next_action_at=clock.machine_now())
    (again,) = mark()
    assert again.sendable.identity != first.identity

    evidence.store([Said(first.pk, lost, 1, "lookup", WHOLE)])
    apply_all()
    assert Case.objects.get(payment_id=lost).kind == "paid_after_close"
    assert payment(lost).stop_code == "paid_earlier"  # the new one is not signed once more


def test_what_was_called_back_ends(lost, payment):
    Payment.objects.update(stop_code="subscription_canceled", stop_reason="The subscription was canceled.")
    declare(lost)
    assert (payment(lost).state, payment(lost).failure_code) == ("canceled", "subscription_canceled")


CANT_SAY = Finding(Outcome.UNKNOWN, code="customer_differs", detail={"park": True})
FORGOTTEN = Finding(Outcome.UNKNOWN, code="cannot_prove", detail={"park": True, "not_seen": True})


@pytest.mark.parametrize(
    "seen",
    [WHOLE, Finding(Outcome.PENDING), Finding(Outcome.DECLINED, FailureClass.PAYER_ACTION), CANT_SAY],
    ids=["paid", "open", "declined", "can't be said"],
)
def test_nobody_says_so_against_a_look(lost, world, seen):
    world.looks[lost] = [seen]
    assert refused(lost) == "it_is_seen"


def test_not_of_what_was_seen_and_is_not_there_now(lost):
    Attempt.objects.update(state="pending")
    assert refused(lost) == "it_is_seen"


def test_what_may_still_come_is_not_declared_absent(lost, world, payment):
    world.looks[lost] = [Finding(Outcome.MISSING, code="may_still_land")]
    assert refused(lost) == "it_is_seen"
    world.looks[lost] = [FORGOTTEN]  # nobody can prove it any more
    declare(lost)
    assert (payment(lost).state, payment(lost).parked_at) == ("scheduled", None)


def test_above_the_limit_two_say_so(lost, payment, monkeypatch):
    monkeypatch.setattr(settings.ENV, "two_approvers_above", {"USDC": 999})
    declare(lost)
    assert payment(lost).parked_at is not None and not Evidence.objects.filter(source="operator").exists()
    assert refused(lost) == "second_approver"
    assert refused(lost, Actor("key:ada", "key", Role.APPROVER)) == "takes_people"
    declare(lost, BOB)
    assert (payment(lost).state, payment(lost).parked_at) == ("scheduled", None)
    assert set(Entry.objects.filter(verb="declare_absent").values_list("actor", flat=True)) == {"ada", "bob"}


def test_what_makes_no_sense_is_refused(lost, world, payment):
    operator = Actor("cy", "user", Role.OPERATOR)
    assert refused(lost, operator) == "not_allowed"
    soon = clock.machine_now() + timedelta(seconds=60)
    Attempt.objects.update(
        data={"expires_at": soon.isoformat()}
    )  # as a page's, which its payer may still open
    assert refused(lost) == "too_early"
    Attempt.objects.update(data={}, send_by=soon)
    assert refused(lost) == "too_early"
    Attempt.objects.update(send_by=clock.machine_now() - timedelta(days=2))
    another = look_at.Found(Attempt(pk=uuid7()), MISSING, clock.machine_now())
    with pytest.raises(Refusal, match="went on meanwhile"):
        absent.keep(lost, another, reason="a drill", by=ADA)
    Attempt.objects.update(state="not_sent", resolved_at=clock.machine_now())
    assert refused(lost) == "nothing_unknown"
    Payment.objects.update(parked_at=None)
    assert refused(lost) == "not_parked"
