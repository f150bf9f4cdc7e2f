"""A refund of another amount than was asked: in suspense until a person says what it was; the books hold after each."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from payments import cases, suspense
from payments.models import Case, Refund
from tests.payments.refunding import ADA, ask, broken, carrier, carry_out, counters, held, hinted
from tests.payments.scripted import TAKEN_BACK, Scripted, declined, paid
from tests.payments.test_refunds import NOTHING, code_of


def test_another_amount_than_was_asked_waits_in_suspense(charged, gateway, monkeypatch):
    one = ask(charged, 400)
    gateway.looks[carrier(one).pk] = [paid(gross_minor=300, currency="USDC")]
    carry_out(monkeypatch)
    one.refresh_from_db()
    assert (one.state, counters(charged)) == ("requested", (400, 0))
    assert carrier(one).parked_reason
    assert held(charged) == {**NOTHING, "clearing": 700, "refunds_payable": -400, "suspense": 300,
                             "payable": -570, "fee_income": -30}  # fmt: skip
    assert broken() == set()


def of_another_amount(charged: UUID, gateway: Scripted, monkeypatch, gross: int) -> Refund:
    one = ask(charged, 400)
    gateway.looks[carrier(one).pk] = [paid(gross_minor=gross, currency="USDC", movement_id="re_7")]
    carry_out(monkeypatch)
    assert Case.objects.get().sentence == f"{gross} USDC went back where 400 USDC was asked"
    return one


@pytest.mark.parametrize(
    ("gross", "fee", "counted"), [(300, 15, 300), (700, 35, 700), (1100, 50, 1000)],
)  # fmt: skip
def test_what_went_back_of_another_amount_counts_as_given_back(
    charged, gateway, told, monkeypatch, gross, fee, counted
):
    """Also what nobody had: its payee comes to owe it."""
    one = of_another_amount(charged, gateway, monkeypatch, gross)
    suspense.apply_money(Case.objects.get().pk, reason="seen in its statement", by=ADA)
    one.refresh_from_db()
    given = Refund.objects.exclude(pk=one.pk).get()
    assert (one.state, carrier(one).state, carrier(one).parked_at) == ("canceled", "canceled", None)
    assert (given.state, given.amount_minor, given.fee_minor) == ("succeeded", gross, fee)
    assert (given.refund_no, given.reference, given.recorded_by) == (2, "re_7", "ada")
    assert counters(charged) == (0, counted)
    left = {"clearing": 1000 - gross, "payable": gross - fee - 950, "fee_income": fee - 50}
    assert held(charged) == {**NOTHING, **{role: minor for role, minor in left.items() if minor}}
    assert told[-1].amount_minor == counted
    assert Case.objects.get().resolution.endswith("counts as given back, refund 2: seen in its statement")
    assert broken() == set()


@pytest.mark.parametrize("back", [TAKEN_BACK, replace(declined("closed"), movement_id="re_7")])
def test_what_was_counted_and_fails_then_is_told_to_a_person_once(charged, gateway, monkeypatch, back):
    one = of_another_amount(charged, gateway, monkeypatch, 300)
    suspense.apply_money(Case.objects.get().pk, reason="seen in its statement", by=ADA)
    before = held(charged)
    gateway.looks[carrier(one).pk] = [back]
    for cases_open in (1, 0):
        hinted(one)
        opened = Case.objects.filter(kind="reversed", closed_at=None)
        assert len(opened) == cases_open
        for case in opened:
            assert "its payer does not have it" in case.sentence
            cases.close_case(case.pk, resolution="given by bank transfer", reason="a drill", by=ADA)
    assert (held(charged), counters(charged), broken()) == (before, (0, 300), set())


def test_of_a_refund_of_another_amount_nothing_is_gone(charged, gateway, told, monkeypatch):
    one = of_another_amount(charged, gateway, monkeypatch, 300)
    suspense.return_money(Case.objects.get().pk, reason="it never left", by=ADA)
    one.refresh_from_db()
    assert (one.state, carrier(one).state, counters(charged)) == ("canceled", "canceled", (0, 0))
    assert held(charged) == {**NOTHING, "clearing": 1000, "payable": -950, "fee_income": -50}
    assert broken() == set()
    gateway.looks[carrier(one).pk] = [TAKEN_BACK]
    hinted(one)
    assert not Case.objects.filter(closed_at=None).exists(), "that is what was said"
    assert ask(charged).amount_minor == 1000


def test_another_amount_after_the_refund_had_ended_counts_too(charged, gateway, monkeypatch):
    one = ask(charged, 400)
    gateway.replies[carrier(one).pk] = [declined("closed")]
    carry_out(monkeypatch)
    gateway.looks[carrier(one).pk] = [paid(gross_minor=300, currency="USDC", movement_id="re_7")]
    hinted(one)
    suspense.apply_money(Case.objects.get().pk, reason="seen in its statement", by=ADA)
    one.refresh_from_db()
    assert (one.state, counters(charged), broken()) == ("failed", (0, 300), set())


def test_what_went_back_in_another_currency_is_not_counted(charged, gateway, monkeypatch):
    one = ask(charged, 400)
    gateway.looks[carrier(one).pk] = [paid(gross_minor=400, currency="SOL")]
    carry_out(monkeypatch)
    case = Case.objects.get()
    assert code_of(lambda: suspense.apply_money(case.pk, reason="why", by=ADA)) == "currency_mismatch"
