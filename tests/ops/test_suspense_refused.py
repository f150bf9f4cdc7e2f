"""What keeps money in suspense from leaving it, and what its source did not hear: all of it happens, or nothing."""

from __future__ import annotations

from uuid import UUID

import pytest

from billing import collect
from billing.models import Invoice
from engine.audit.models import Entry
from engine.core import clock
from engine.core.actor import Actor, NotAllowed, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.ledger import posting
from engine.outbox.models import Event
from payments import cases, sources, suspense
from payments.models import Attempt, Case, Evidence
from payments.pipeline import apply, evidence
from payments.pipeline.evidence import Said
from tests.billing.test_waits import meanwhile
from tests.ops.suspended import (
    NOT_LEFT,
    WHY,
    broken,
    case_of,
    code_of,
    differing,
    in_suspense,
    invoice_of,
    refused,
    refused_by_its_invoice,
    row,
    two_attempts,
)
from tests.ops.world import WHOLE, fill, mark, open_payment, say, subscribe
from tests.payments.scripted import declined, paid


@pytest.fixture
def payments(world, scripted) -> dict[str, UUID]:
    return fill(world, scripted)


def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invoices can hear of nothing."""

    def fail(changes: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(collect, "payments_changed", fail)


def listening(monkeypatch: pytest.MonkeyPatch) -> list[sources.SourceChange]:
    """What invoices hear from now on."""
    heard: list[sources.SourceChange] = []
    monkeypatch.setattr(collect, "payments_changed", lambda changes: (heard.extend(changes), HEARD(changes)))
    return heard


HEARD = collect.payments_changed


def test_another_payment_that_was_taken_back_keeps_none_from_being_applied(world, scripted):
    """Of two under one reference: the case says reversed, and what its invoice refused lies here still."""
    one = refused_by_its_invoice(world)
    case, now = case_of(one), clock.machine_now()
    Case.objects.create(id=uuid7(), kind="reversed", payment_id=one, sentence="the other", opened_at=now)
    suspense.apply_money(case.pk, **WHY)
    assert (in_suspense(one), invoice_of(one).state, broken()) == (0, "paid", [])


def test_an_end_that_its_source_could_not_hear_is_told_again(world, scripted, monkeypatch):
    subscription = subscribe(world)
    world.bill()
    one = open_payment(subscription)
    mark()
    deaf(monkeypatch)
    say(one, declined())
    ended = row(one)
    assert (ended.state, ended.parked_at is None, invoice_of(one).collecting_minor) == ("failed", False, 1000)
    assert refused(suspense.return_money, case_of(one).pk) == "nothing_in_suspense"
    assert refused(suspense.apply_money, case_of(one).pk) == "source_refused"
    heard = listening(monkeypatch)
    assert suspense.apply_money(case_of(one).pk, **WHY).resolution == "told again: a drill"
    (told,) = heard
    assert (told.state, told.settled_minor, told.failure_code) == ("failed", 0, "allowance_too_small")
    assert told.business_at == Event.objects.get(object_id=one, type="payment.failed").occurred_at
    assert (row(one).parked_at, invoice_of(one).collecting_minor) == (None, 0)
    assert invoice_of(one).reason_code == "allowance_too_small"
    assert broken() == []


def test_both_ends_of_what_was_paid_earlier_are_told_again(world, scripted, monkeypatch):
    one, first = two_attempts(world)
    evidence.store([Said(first.pk, one, 1, "lookup", paid(**WHOLE))])
    while apply.apply():
        pass
    deaf(monkeypatch)
    say(one, declined())
    assert (row(one).state, row(one).parked_at is None) == ("succeeded_late", False)
    heard = listening(monkeypatch)
    suspense.apply_money(Case.objects.get(kind="source_refused").pk, **WHY)
    assert [(each.state, each.settled_minor) for each in heard] == [("canceled", 0), ("succeeded_late", 1000)]
    assert (row(one).parked_at is None, invoice_of(one).collecting_minor) == (False, 0)
    cases.close_case(Case.objects.get(kind="paid_after_close").pk, resolution="kept", **WHY)
    assert (row(one).parked_at, broken()) == (None, [])


def test_a_source_that_refuses_leaves_all_as_it_was(world, scripted):
    one = differing(world, 900)
    Invoice.objects.filter(pk=invoice_of(one).pk).update(collecting_minor=0)
    for verb in (suspense.apply_money, suspense.return_money):
        assert refused(verb, case_of(one).pk) == "source_refused"
        assert (row(one).state, Attempt.objects.get(payment_id=one).state) == ("in_flight", "unknown")
        assert not Entry.objects.filter(actor="ada").exists()


def test_what_makes_no_sense_is_refused(world, scripted, payments):
    late = Case.objects.create(
        id=uuid7(),
        kind="seen_after_end",
        payment_id=payments["declined"],
        sentence="seen",
        opened_at=clock.machine_now(),
    ).pk
    foreign = differing(world, 900, currency="SOL")
    assert refused(suspense.apply_money, late) == "nothing_in_suspense"
    assert refused(suspense.return_money, late) == "nothing_in_suspense"
    assert refused(suspense.apply_money, case_of(foreign).pk) == "currency_mismatch"
    suspense.return_money(case_of(foreign).pk, **WHY)
    assert row(foreign).state == "canceled"
    assert refused(suspense.apply_money, case_of(foreign).pk) == "case_closed"
    with pytest.raises(Refusal, match="there is no case"):
        suspense.apply_money(UUID(int=1), **WHY)
    with pytest.raises(NotAllowed):
        suspense.apply_money(late, reason="a drill", by=Actor("olga", "user", Role.OPERATOR))


def test_another_attempt_on_its_way_is_waited_for(world, scripted):
    one, first = two_attempts(world)
    odd = paid(**(WHOLE | {"gross_minor": 900}))
    evidence.store([Said(first.pk, one, 1, "lookup", odd)])
    while apply.apply():
        pass
    for verb in (suspense.apply_money, suspense.return_money):
        assert refused(verb, case_of(one).pk) == "attempt_unresolved"


def test_evidence_meanwhile_goes_first_and_changes_nothing_afterwards(world, scripted):
    one = differing(world, 900)
    attempt = Attempt.objects.get(payment_id=one)
    odd = paid(**(WHOLE | {"gross_minor": 900, "movement_id": "other"}))
    evidence.store([Said(attempt.pk, one, 1, "lookup", odd)])
    assert refused(suspense.apply_money, case_of(one).pk) == "evidence_waits"
    while apply.apply():
        pass
    suspense.apply_money(case_of(one).pk, **WHY)
    for finding in (odd, declined(), NOT_LEFT):
        say(one, finding)
    assert (row(one).state, row(one).settled_minor, row(one).parked_at) == ("succeeded", 900, None)
    assert (case_of(one).closed_at is None, in_suspense(one), broken()) == (False, 0, [])


def test_what_is_told_again_after_it_left_is_closed_without_money(payments):
    one = payments["declined"]
    odd = paid(**(WHOLE | {"gross_minor": 700, "movement_id": "odd"}))
    say(one, odd)
    suspense.return_money(case_of(one).pk, **WHY)
    say(one, odd)
    assert (case_of(one).closed_at, row(one).parked_at is None) == (None, False)
    assert refused(suspense.apply_money, case_of(one).pk) == "nothing_in_suspense"
    cases.close_case(case_of(one).pk, resolution="known", **WHY)
    assert (row(one).state, row(one).parked_at) == ("failed", None)


def test_a_stop_in_the_middle_leaves_all_as_it_was(world, scripted, monkeypatch):
    one = differing(world, 900)
    posted, before = posting.post, Event.objects.count()

    def stop(legs, *, machine_at):
        posted(legs, machine_at=machine_at)
        raise KeyboardInterrupt

    monkeypatch.setattr(posting, "post", stop)
    for verb in (suspense.apply_money, suspense.return_money):
        with pytest.raises(KeyboardInterrupt):
            verb(case_of(one).pk, **WHY)
        assert (row(one).state, in_suspense(one), case_of(one).closed_at) == ("in_flight", 900, None)
        assert (Event.objects.count(), Entry.objects.filter(actor="ada").count()) == (before, 0)
    monkeypatch.undo()


@pytest.mark.parametrize("other", ["apply_money", "return_money"])
def test_of_two_approvers_one_decides(committed, scripted, other):
    one = differing(committed, 900)
    case = case_of(one).pk
    late = meanwhile(
        lambda: code_of(getattr(suspense, other), case), locks=lambda: suspense.apply_money(case, **WHY)
    )
    assert late == "case_closed"
    assert (row(one).state, in_suspense(one), broken()) == ("succeeded", 0, [])


def test_evidence_that_waits_for_the_decision_finds_it_made(committed, scripted):
    one = differing(committed, 900)
    attempt, case = Attempt.objects.get(payment_id=one), case_of(one).pk

    def told() -> None:
        finding = paid(**(WHOLE | {"gross_minor": 400, "movement_id": "third"}))
        evidence.store([Said(attempt.pk, one, 1, "lookup", finding)])
        apply.apply()

    meanwhile(told, locks=lambda: suspense.return_money(case, **WHY))
    # Another movement than the one that was decided about: it is booked, and a person is asked about it too.
    assert (row(one).state, in_suspense(one), broken()) == ("canceled", 400, ["suspense_old"])
    assert Evidence.objects.filter(payment_id=one).latest("pk").verdict != "already succeeded"
