"""What a person decides about keeps the next payment of the same source from going out: it would collect twice."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engine.core import clock
from engine.core.actor import SYSTEM
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers import registry
from engine.providers.base import FailureClass, Finding, Outcome
from payments import cancel, cases, operate
from payments.models import Attempt, Case, Payment
from payments.pipeline import evidence, resend, spans, verify
from payments.pipeline.evidence import Said
from payments.pipeline.mark_sent import mark_sent
from payments.pipeline.take import payables, take
from tests.payments.scripted import Scripted, paid
from tests.payments.steps import LANE, absence_may_be_read, apply_all, mark, run
from tests.payments.test_stops import GONE, MISSING, SEEN, call_back, say

NOT_LEFT = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")
LESS = paid(gross_minor=400, currency="USDC", fee_minor=50, movement_id="less")
WHOLE = paid(gross_minor=1000, currency="USDC", fee_minor=50, movement_id="whole")


@pytest.fixture
def given_up(world: Scripted, new_payment, payment, told, monkeypatch) -> tuple[UUID, Attempt]:
    """The source of a payment that was told to stop in flight, did not leave as it seemed, and ended; its attempt."""
    one = new_payment()
    assert len(mark()) == 1
    call_back(payment, one)
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "local", NOT_LEFT)])
    apply_all()
    assert payment(one).state == "canceled"
    told.clear()
    return payment(one).source_id, Attempt.objects.get()


@pytest.mark.parametrize(
    "finding", [SEEN, LESS, WHOLE], ids=["seen after the end", "another amount", "paid late"]
)
def test_the_next_payment_is_not_sent_and_its_source_hears_of_it(
    given_up, new_payment, payment, told, finding
):
    source, first = given_up
    after = new_payment(source_id=source, no=2)
    say(first, finding)
    assert mark() == [], "asked for a second time"
    assert cancel.recall() == 1
    assert (payment(after).state, payment(after).failure_code) == ("canceled", "payment_in_question")
    assert [each.failure_code for each in told if each.no == 2] == ["payment_in_question"]


def test_of_what_has_no_sibling_nothing_more_is_asked(given_up, new_payment):
    source, _ = given_up
    with CaptureQueriesContext(connection) as alone:
        new_payment()
        assert len(mark()) == 1
    with CaptureQueriesContext(connection) as second:
        new_payment(source_id=source, no=2)
        mark()
    asked = [sum("payments_undecided" in query["sql"] for query in each) for each in (alone, second)]
    assert asked == [0, 1]


def test_mark_sent_asks_again_what_came_after_the_take(world, given_up, new_payment, payment):
    source, first = given_up
    after, other = new_payment(source_id=source, no=2), new_payment(no=2)
    wanted = payables(take(*LANE, most=50), "charge", machine_at=clock.machine_now())
    # Nobody told it: the case came beside the telling.
    Case.objects.create(id=uuid7(), kind="seen_after_end", payment_id=first.payment_id, sentence="Odd.",
                        opened_at=clock.machine_now())  # fmt: skip
    marked, over = mark_sent(registry.get("scripted"), wanted, None, free=50)
    assert ([one.sendable.payment_id for one in marked], over) == ([other], [])
    assert (payment(after).state, payment(after).stop_code) == ("scheduled", "payment_in_question")


def test_evidence_of_an_ended_payment_goes_before_its_sources_next_send(
    world, given_up, new_payment, payment
):
    """Stored, not applied yet: what it says is not known. The next payment waits, and that counts as nothing."""
    source, first = given_up
    after = new_payment(source_id=source, no=2)
    evidence.store([Said(first.pk, first.payment_id, 1, "lookup", SEEN)])
    assert mark() == []
    assert (payment(after).stop_code, payment(after).waiting, payment(after).taken_count) == ("", "queue", 0)
    apply_all()
    assert payment(after).stop_code == "payment_in_question"


def test_what_is_in_flight_already_is_not_signed_anew(world, given_up, new_payment, payment):
    source, first = given_up
    after = new_payment(source_id=source, no=2)
    assert len(mark()) == 1
    say(first, SEEN)
    assert payment(after).state == "in_flight"
    say(Attempt.objects.get(payment_id=after), NOT_LEFT, "local")
    assert payment(after).state == "canceled"


def test_a_closed_case_is_in_nobodys_way(world, given_up, new_payment, payment):
    source, first = given_up
    say(first, SEEN)
    absence_may_be_read()
    say(first, GONE)
    cases.close_case(Case.objects.get().pk, resolution="nothing moved", reason="looked", by=SYSTEM)
    new_payment(source_id=source, no=2)
    assert len(mark()) == 1


def test_another_source_goes_on(world, given_up, new_payment, payment):
    _, first = given_up
    say(first, SEEN)
    new_payment(source_id=uuid7(), no=2)
    assert len(mark()) == 1


def test_money_that_could_not_be_booked_keeps_the_next_payment_back(world, given_up, new_payment, payment):
    source, first = given_up
    after, accounts = new_payment(source_id=source, no=2), payment(first.payment_id).accounts
    Payment.objects.filter(pk=first.payment_id).update(accounts={})
    say(first, WHOLE)
    case = Case.objects.get()
    assert (case.kind, case.attempt_id) == ("evidence_failed", first.pk)
    assert "can't be applied" in case.sentence
    assert payment(after).stop_code == "payment_in_question"
    assert mark() == [], "asked for a second time"
    with pytest.raises(Refusal) as fault:
        cases.close_case(case.pk, resolution="done", reason="a drill", by=SYSTEM)
    assert fault.value.code == "look_first"
    Payment.objects.filter(pk=first.payment_id).update(accounts=accounts)
    say(first, WHOLE)
    assert payment(first.payment_id).state == "succeeded_late"
    cases.close_case(case.pk, resolution="booked", reason="a drill", by=SYSTEM)


def close(kind: str) -> None:
    cases.close_case(Case.objects.get(kind=kind).pk, resolution="seen to", reason="a drill", by=SYSTEM)


def test_what_was_paid_late_is_asked_for_by_no_other_payment_after_its_case_is_closed(
    world, given_up, new_payment, payment
):
    """The money stands in unapplied; a payment that was made beside the telling is not signed."""
    source, first = given_up
    say(first, WHOLE)
    close("paid_after_close")
    after = new_payment(source_id=source, no=2)
    assert mark() == [], "asked for a second time"
    assert (payment(after).state, payment(after).stop_code) == ("scheduled", "payment_in_question")


def taken(*payment_ids: UUID) -> list[verify.Looked]:
    """A verifier takes these, as if their next look were due."""
    Payment.objects.filter(pk__in=payment_ids).update(next_action_at=clock.machine_now())
    found = verify.take_open(LANE, most=50)
    assert {one.payment_id for one in found} == set(payment_ids)
    return found


def absence_is(certain: bool, world: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        type(world), "sheet", replace(world.sheet, absence_certain=("charge",) if certain else ())
    )


@pytest.mark.parametrize(("certain", "hinted"), [(True, False), (False, False), (False, True)])
def test_what_is_in_flight_already_is_not_sent_again(
    world, given_up, new_payment, payment, monkeypatch, certain, hinted
):
    """Whether it was told or the telling passed it over, and whether or not its absence could be proved."""
    absence_is(certain, world, monkeypatch)
    source, first = given_up
    after, other = new_payment(source_id=source, no=2), new_payment()
    assert len(mark()) == 2
    say(first, SEEN)
    if not hinted:
        Payment.objects.filter(pk=after).update(stop_code="", stop_reason="")
    again = resend.mark(world, LANE, taken(after, other), free=5)
    assert [one.sendable.payment_id for one in again] == [other], "asked for a second time"
    assert payment(after).stop_code == "payment_in_question"


def test_what_is_in_flight_beside_money_that_came_late_is_not_sent_again_and_is_parked_in_the_end(
    world, given_up, new_payment, payment, monkeypatch
):
    """Nobody finds it, and sent once more it might be collected after all."""
    absence_is(False, world, monkeypatch)
    source, first = given_up
    after = new_payment(source_id=source, no=2)
    assert len(mark()) == 1
    say(first, WHOLE)
    close("paid_after_close")
    assert resend.mark(world, LANE, taken(after), free=5) == [], "asked for a second time"
    world.looks[after] = [MISSING]
    monkeypatch.setattr(spans, "park_unknown", lambda: 0.0)
    absence_may_be_read()
    verify._look(world, LANE, taken(after))
    assert Attempt.objects.get(payment_id=after).send_no == 1
    assert (payment(after).state, payment(after).parked_reason) == (
        "in_flight",
        "its outcome has been unknown for too long",
    )


@pytest.mark.parametrize(("finding", "stop"), [(WHOLE, "paid_earlier"), (SEEN, "case_open")])
def test_the_payments_own_earlier_attempt_keeps_it_from_being_sent_again(
    world, new_payment, payment, monkeypatch, finding, stop
):
    """It was paid, or a person decides about it; whatever the payment was told since, and though its absence could
    never be proved.
    """
    absence_is(False, world, monkeypatch)
    one = new_payment()
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    first = Attempt.objects.get()
    Payment.objects.update(next_action_at=clock.machine_now())
    assert len(mark()) == 1
    say(first, finding)
    if finding is WHOLE:
        close("paid_after_close")
    else:
        operate.unpark(one, reason="look it up", by=SYSTEM)
    assert payment(one).stop_code == stop
    call_back(payment, one)
    assert payment(one).stop_code == "stopped"
    assert resend.mark(world, LANE, taken(one), free=5) == [], "asked for a second time"
    assert payment(one).stop_code == "stopped"


def test_evidence_of_an_ended_payment_goes_before_what_is_sent_again(world, given_up, new_payment, payment):
    source, first = given_up
    after = new_payment(source_id=source, no=2)
    assert len(mark()) == 1
    looked = taken(after)
    evidence.store([Said(first.pk, first.payment_id, 1, "lookup", GONE)])
    assert resend.mark(world, LANE, looked, free=5) == []
    apply_all()
    assert payment(after).stop_code == ""
    assert len(resend.mark(world, LANE, looked, free=5)) == 1
