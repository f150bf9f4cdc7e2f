"""A closed attempt is looked up by a person: what it moved is booked, and only then its case can be closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.audit.models import Entry
from engine.core import clock, sql
from engine.core.actor import Actor, NotAllowed, Role
from engine.core.errors import Refusal
from engine.ledger.models import Transfer
from engine.providers import registry
from engine.providers.base import FailureClass, Finding, Known, Outcome, ProviderUnavailable
from payments import cases, look, operate
from payments.models import Attempt, Case, Evidence
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.payments.scripted import declined, paid
from tests.payments.steps import absence_may_be_read, apply_all, mark, run

ADA = Actor("ada", "user", Role.APPROVER)
NOT_LEFT = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")
SEEN = Finding(Outcome.PENDING, code="confirmed", provisional=True)
GONE = Finding(Outcome.ABSENT, FailureClass.TECHNICAL, "expired")
MISSING = Finding(Outcome.MISSING, code="not_seen")
NO_PROOF = Finding(Outcome.UNKNOWN, code="cannot_prove", detail={"park": True})
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
    absence_may_be_read()
    return attempt


@pytest.fixture
def sheet(world, monkeypatch):
    """The provider's sheet with changes."""

    def changed(**changes: object) -> None:
        provider = registry.get("scripted")
        monkeypatch.setattr(type(provider), "sheet", replace(provider.sheet, **changes))

    return changed


def ask(attempt: Attempt) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "outside_transaction", lambda: True)  # but for the test's own
        look.look_up(attempt.pk, reason="a drill", by=ADA)


def look_up(attempt: Attempt) -> None:
    ask(attempt)
    apply_all()


def close() -> None:
    cases.close_case(Case.objects.get().pk, resolution="done", reason="a drill", by=ADA)


def refused() -> str:
    with pytest.raises(Refusal) as fault:
        close()
    return fault.value.code


def test_what_was_seen_is_not_let_go_on_before_somebody_looked(world, seen, payment):
    one = seen.payment_id
    assert refused() == "look_first"
    world.looks[one] = [SEEN]
    look_up(seen)
    assert refused() == "not_proved"
    world.looks[one] = [GONE]
    ask(seen)
    assert refused() == "evidence_waits"
    apply_all()
    cases.close_case(Case.objects.get().pk, resolution="it expired", reason="a drill", by=ADA)
    operate.unpark(one, reason="a drill", by=ADA)
    assert payment(one).parked_at is None
    assert len(mark()) == 1
    assert Entry.objects.filter(verb="look_up", object_id=str(seen.pk)).count() == 2


@pytest.mark.parametrize("said", [MISSING, NO_PROOF, paid(gross_minor=None, currency="")],
                         ids=["it may still land", "nothing is proved", "paid, and not how much"])  # fmt: skip
def test_a_look_that_proves_nothing_lets_nothing_go_on(world, seen, said):
    world.looks[seen.payment_id] = [said]
    look_up(seen)
    assert refused() == "not_proved"


def test_a_refusal_proves_that_nothing_moved(world, seen):
    world.looks[seen.payment_id] = [declined()]
    look_up(seen)
    close()


def test_absence_is_not_read_before_its_time(world, seen):
    Attempt.objects.update(send_by=clock.machine_now() + timedelta(hours=1))
    world.looks[seen.payment_id] = [GONE]
    look_up(seen)
    assert refused() == "not_proved"


@pytest.mark.parametrize("said", [MISSING, NO_PROOF, GONE], ids=["missing", "unknown", "absent"])
def test_where_absence_is_never_certain_a_person_decides_on_what_there_is(world, seen, sheet, said):
    sheet(absence_certain=("refund",))  # and this is a charge
    world.looks[seen.payment_id] = [said]
    look_up(seen)
    close()


def test_where_absence_is_never_certain_what_is_seen_or_paid_is_not_let_go(world, seen, sheet):
    sheet(absence_certain=("refund",))  # and this is a charge
    for said in (SEEN, paid(gross_minor=None, currency="")):
        world.looks[seen.payment_id] = [said]
        look_up(seen)
        assert refused() == "not_proved"


def test_a_case_of_what_was_booked_meanwhile_can_be_closed(world, seen):
    """Two looks at once: the second, asked before the first one opened the case, books what it moved."""
    before = Case.objects.get().opened_at - timedelta(seconds=1)
    evidence.store([Said(seen.pk, seen.payment_id, 1, "lookup", paid(**WHOLE))], observed_at=before)
    apply_all()
    assert Attempt.objects.get().state == "succeeded"
    cases.close_case(
        Case.objects.get(kind="seen_after_end").pk, resolution="booked", reason="a drill", by=ADA
    )


def test_what_arrived_in_another_amount_is_booked_and_a_case_of_its_own(world, seen):
    world.looks[seen.payment_id] = [paid(**WHOLE | {"gross_minor": 900})]
    look_up(seen)
    cases.close_case(
        Case.objects.get(kind="seen_after_end").pk, resolution="booked", reason="a drill", by=ADA
    )
    with pytest.raises(Refusal) as fault:
        operate.unpark(seen.payment_id, reason="a drill", by=ADA)
    assert fault.value.code == "case_open"


def test_the_provider_is_asked_by_what_it_named(world, seen, sheet, monkeypatch):
    sheet(lookup_by_identity=False)
    asked = []
    monkeypatch.setattr(world, "lookup", lambda some: asked.extend(some) or {some[0].attempt_id: GONE})
    with pytest.raises(Refusal) as fault:
        look_up(seen)
    assert (fault.value.code, asked) == ("nothing_to_ask_by", [])
    step = Finding(Outcome.STEP, code="created", detail={"intent": "pi_1"})
    for said in (step, replace(SEEN, provider_ref="old"), replace(NOT_LEFT, provider_ref="pi_1"), NOT_LEFT):
        evidence.store([Said(seen.pk, seen.payment_id, 1, "lookup", said)])
    apply_all()
    look_up(seen)
    assert [one.known for one in asked] == [Known("pi_1", {"created": {"intent": "pi_1"}})]
    close()


def test_what_nobody_can_ask_about_is_an_approvers_word(world, seen, sheet):
    sheet(lookup_by_identity=False)
    close()


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
    with pytest.raises(Refusal, match="nobody answers") as silent:
        look_up(seen)
    assert (silent.value.code, silent.value.param) == ("provider_unavailable", "provider")
    with pytest.raises(RuntimeError, match="across a network call"):
        look.ask(seen.pk)


def test_what_could_not_be_applied_of_a_success_is_looked_up_before_its_case_is_closed(
    world, sheet, new_payment, payment, monkeypatch
):
    """Else money that its provider took back stands in the books, and nobody is asked any more."""
    sheet(reversible=True)
    one = new_payment()
    run(monkeypatch)
    attempt = Attempt.objects.get()
    world.looks[one] = [Finding(Outcome.REVERSED, FailureClass.NONE, "returned", "It came back.")]
    with monkeypatch.context() as fault:
        fault.setattr("payments.pipeline.books.taken_back", None)
        look_up(attempt)
        assert (Case.objects.get().kind, payment(one).state) == ("evidence_failed", "succeeded")
        assert refused() == "look_first"
        look_up(attempt)
        assert refused() == "not_proved", "it can't be applied still"
    look_up(attempt)
    assert payment(one).state == "reversed"
    cases.close_case(
        Case.objects.get(kind="evidence_failed").pk, resolution="booked", reason="a drill", by=ADA
    )


def test_a_preview_asks_nobody(world, seen):
    world.down = ProviderUnavailable("node_unavailable", "nobody answers")
    before = Evidence.objects.count()
    look.look_up(seen.pk, reason="a drill", by=ADA)
    assert Evidence.objects.count() == before
