"""A closed attempt is looked up by a person: what it moved is booked, and only then its case can be closed."""

from __future__ import annotations

import pytest

from engine.audit.models import Entry
from engine.core import clock, sql
from engine.core.actor import Actor, NotAllowed, Role
from engine.core.errors import Refusal
from engine.ledger.models import Transfer
from engine.providers.base import FailureClass, Finding, Outcome, ProviderUnavailable
from payments import cases, look, operate
from payments.models import Attempt, Case, Evidence
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.payments.scripted import paid
from tests.payments.steps import apply_all, mark, run

ADA = Actor("ada", "user", Role.APPROVER)
NOT_LEFT = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")
SEEN = Finding(Outcome.PENDING, code="confirmed", provisional=True)
GONE = Finding(Outcome.ABSENT, FailureClass.TECHNICAL, "expired")
WHOLE = {"gross_minor": 1000, "currency": "USDC", "fee_minor": 50}


@pytest.fixture
def seen(world, new_payment, monkeypatch) -> Attempt:
    """It did not leave, as it seemed, and was seen on chain: parked, with its case."""
    one = new_payment()
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    attempt = Attempt.objects.get()
    evidence.store([Said(attempt.pk, one, 1, "lookup", SEEN)])
    apply_all()
    assert Case.objects.get().kind == "seen_after_end"
    return attempt


def ask(attempt: Attempt) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "outside_transaction", lambda: True)  # but for the test's own
        look.look_up(attempt.pk, reason="a drill", by=ADA)


def look_up(attempt: Attempt) -> None:
    ask(attempt)
    apply_all()


def refused() -> str:
    with pytest.raises(Refusal) as fault:
        cases.close_case(Case.objects.get().pk, resolution="done", reason="a drill", by=ADA)
    return fault.value.code


def test_what_was_seen_is_not_let_go_on_before_somebody_looked(world, seen, payment):
    one = seen.payment_id
    assert refused() == "look_first"
    world.looks[one] = [SEEN]
    look_up(seen)
    assert refused() == "still_seen"
    world.looks[one] = [GONE]
    ask(seen)
    assert refused() == "evidence_waits"
    apply_all()
    cases.close_case(Case.objects.get().pk, resolution="it expired", reason="a drill", by=ADA)
    operate.unpark(one, reason="a drill", by=ADA)
    assert payment(one).parked_at is None
    assert len(mark()) == 1
    assert Entry.objects.filter(verb="look_up", object_id=str(seen.pk)).count() == 2


def test_what_it_moved_is_booked_and_nothing_is_signed_anew(world, seen, payment):
    world.looks[seen.payment_id] = [paid(**WHOLE)]
    look_up(seen)
    assert Attempt.objects.get().state == "succeeded"
    assert Evidence.objects.latest("pk").verdict == "late, paid elsewhere"
    late = Transfer.objects.filter(kind="payment.succeeded_late")
    assert sum(late.values_list("amount_minor", flat=True)) == 1000
    Case.objects.update(closed_at=clock.machine_now())
    with pytest.raises(Refusal) as fault:
        operate.unpark(seen.payment_id, reason="a drill", by=ADA)
    assert fault.value.code == "money_arrived"
    assert mark() == []


def test_a_look_before_the_case_says_nothing_of_it(world, seen):
    Case.objects.update(opened_at=clock.machine_now())
    assert refused() == "look_first"


def test_who_and_what_is_refused(world, seen):
    with pytest.raises(NotAllowed):
        look.look_up(seen.pk, reason="a drill", by=Actor("vera", "user", Role.VIEWER))
    world.down = ProviderUnavailable("node_unavailable", "nobody answers")
    with pytest.raises(Refusal, match="nobody answers"):
        look_up(seen)
    Attempt.objects.filter(pk=seen.pk).update(state="succeeded")
    with pytest.raises(Refusal, match="it is succeeded"):
        look_up(seen)
    with pytest.raises(RuntimeError, match="across a network call"):
        look.ask(seen.pk)


def test_a_preview_asks_nobody(world, seen):
    world.down = ProviderUnavailable("node_unavailable", "nobody answers")
    before = Evidence.objects.count()
    look.look_up(seen.pk, reason="a drill", by=ADA)
    assert Evidence.objects.count() == before
