"""Where no provider gives money back, a person does, says so under a reference, or calls it off."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from engine.audit.models import Entry
from engine.core.actor import NotAllowed
from engine.core.errors import Refusal
from engine.ledger.models import Transfer
from engine.providers.base import Finding, Outcome
from payments import cases, refund
from payments.models import Attempt, Case, Payment
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.payments.refunding import ADA, WHY, ask, broken, carry_out, counters, giving_back, held
from tests.payments.steps import apply_all, run

DONE = {"reference": "SEPA 4711", "reason": "sent by the bank", "by": ADA}


@pytest.fixture(params=["direct", "platform"])
def charged(request, world, new_payment, monkeypatch) -> UUID:
    refused = {"refund": "its interface has none"}
    world.sheet = replace(world.sheet, settlement=request.param, refused=refused)
    one: UUID = new_payment()
    run(monkeypatch)
    return one


def test_a_case_asks_a_person_who_says_that_it_was_done(charged, told):
    one = ask(charged, 400)
    case = Case.objects.get()
    assert (one.state, one.case_id, case.kind, case.payment_id) == (
        "by_hand",
        case.pk,
        "refund_by_hand",
        charged,
    )
    assert "0.000400 USDC is to be given back by hand" in case.sentence
    assert case.sentence.endswith(": its interface has none")  # the sheet's own reason
    assert not Payment.objects.filter(operation="refund").exists()
    assert (counters(charged), broken()) == ((400, 0), set())
    refund.record(one.pk, **DONE)
    one.refresh_from_db()
    case.refresh_from_db()
    assert (one.state, one.reference, one.recorded_by, counters(charged)) == (
        "succeeded", "SEPA 4711", "ada", (0, 400),
    )  # fmt: skip
    assert (case.closed_by, case.resolution) == ("ada", "done, SEPA 4711: sent by the bank")
    assert [(each.state, each.amount_minor) for each in told] == [("succeeded", 1000), ("refunded", 400)]
    entry = Entry.objects.get(verb="record_refund")
    assert (entry.before["state"], entry.after["state"]) == ("by_hand", "succeeded")
    assert broken() == set()


def test_all_of_it_back_leaves_nothing(charged):
    refund.record(ask(charged).pk, **DONE)
    assert held(charged) == {"receivable": -1000, "billed": 1000}, "no invoice is behind it"
    assert broken() == set()


def _on_platform(payment_id: UUID) -> bool:
    return Payment.objects.get(pk=payment_id).settlement == "platform"


def test_what_went_to_the_payee_comes_from_the_payee(charged):
    one = ask(charged, 400)
    refund.record(one.pk, **DONE)
    found = Transfer.objects.filter(source_id=one.pk, kind="refund.by_hand").order_by("seq")
    legs = list(found.values_list("amount_minor", "debit__kind", "credit__kind"))
    if _on_platform(charged):
        assert legs == [(400, "refunds_payable", "clearing:scripted")]
    else:
        assert legs == [
            (380, "refunds_payable", "settled_direct"),
            (20, "refunds_payable", "clearing:scripted"),
        ]


def test_it_is_called_off(charged):
    before = held(charged)
    one = ask(charged, 400)
    refund.cancel(one.pk, **WHY)
    one.refresh_from_db()
    assert (one.state, counters(charged), held(charged)) == ("canceled", (0, 0), before)
    assert Case.objects.get().closed_by == "olga"
    assert broken() == set()


def test_what_its_provider_took_back_meanwhile_is_not_given_back_as_well(charged):
    one = ask(charged, 400)
    attempt = Attempt.objects.get(payment_id=charged)
    evidence.store([Said(attempt.pk, charged, 1, "lookup", Finding(Outcome.REVERSED, code="gone"))])
    apply_all()
    assert Payment.objects.get(pk=charged).state == "reversed"
    with pytest.raises(Refusal, match=r"took the charge back, .*: cancel the refund") as refused:
        refund.record(one.pk, **DONE)
    assert (refused.value.code, counters(charged)) == ("charge_reversed", (400, 0))
    refund.cancel(one.pk, **WHY)
    assert (counters(charged), held(charged), broken()) == ((0, 0), {}, set())
    assert not Case.objects.filter(kind="refund_by_hand", closed_at=None).exists()


def test_several_wait_side_by_side(charged):
    first, second = ask(charged, 400), ask(charged, 600)
    refund.record(second.pk, **DONE)
    assert Case.objects.filter(closed_at=None).get().pk == first.case_id
    assert counters(charged) == (400, 600)


def test_its_case_is_closed_by_what_is_done_alone(charged):
    one = ask(charged, 400)
    with pytest.raises(Refusal, match="record its refund") as refused:
        cases.close_case(one.case_id, resolution="done", reason="done", by=ADA)
    assert refused.value.code == "refund_waits"


@pytest.mark.parametrize(
    ("changes", "code"), [({"reference": " "}, "reference_invalid"), ({"reference": "x" * 201}, "reference_invalid"),
                          ({"reason": ""}, "reason_missing")],
)  # fmt: skip
def test_nothing_is_recorded_without_words(charged, changes, code):
    one = ask(charged, 400)
    with pytest.raises(Refusal) as refused:
        refund.record(one.pk, **(DONE | changes))
    assert (refused.value.code, counters(charged)) == (code, (400, 0))


def test_an_operator_asks_and_an_approver_records(charged):
    one = ask(charged, 400)
    with pytest.raises(NotAllowed):
        refund.record(one.pk, **(DONE | {"by": WHY["by"]}))
    refund.record(one.pk, **DONE)
    with pytest.raises(Refusal, match="it is succeeded"):
        refund.record(one.pk, **DONE)


def test_what_a_provider_carries_out_is_not_recorded(world, new_payment, monkeypatch):
    giving_back(world)
    one = new_payment()
    run(monkeypatch)
    asked = ask(one, 400)
    with pytest.raises(Refusal) as refused:
        refund.record(asked.pk, **DONE)
    assert refused.value.code == "not_by_hand"
    carry_out(monkeypatch)
    asked.refresh_from_db()
    assert asked.state == "succeeded"
