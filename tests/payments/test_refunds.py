"""Refunds: once, never more than was paid, out of whom it was taken, and back there if it fails."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from engine.core import clock
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.ledger.models import Transfer
from engine.outbox.models import Event
from engine.providers.base import FailureClass, Finding, Outcome
from payments import refund
from payments.models import Attempt, Case, Payment
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.payments.refunding import (
    REFUND,
    WHY,
    ask,
    broken,
    carrier,
    carry_out,
    counters,
    held,
    hinted,
)
from tests.payments.scripted import declined
from tests.payments.steps import absence_may_be_read, apply_all, look, mark, run

NOTHING: dict[str, int] = {"receivable": -1000, "billed": 1000}  # no invoice is behind it


def legs(source: UUID) -> list[tuple[str, int, str, str]]:
    found = Transfer.objects.filter(source_id=source).order_by("kind", "seq")
    return list(found.values_list("kind", "amount_minor", "debit__kind", "credit__kind"))


def code_of(call) -> str:
    with pytest.raises(Refusal) as refused:
        call()
    return refused.value.code


def test_a_refund_that_is_not_found_is_not_sent_again(charged, gateway, monkeypatch):
    """Its provider sends charges again under the same identity; a second refund would give back twice."""
    assert gateway.sheet.resend_same_identity == ("charge",)
    way = carrier(ask(charged)).pk
    gateway.replies[way] = [Finding(Outcome.UNKNOWN, code="timeout")]
    gateway.looks[way] = [Finding(Outcome.MISSING, code="not_seen")]
    carry_out(monkeypatch)
    absence_may_be_read()
    Payment.objects.filter(pk=way).update(next_action_at=clock.machine_now())
    look(REFUND)
    assert [each.send_no for each in gateway.sent if each.payment_id == way] == [1]
    assert Attempt.objects.get(payment_id=way).state == "unknown"


def test_a_refund_leaves_its_payee_and_the_fee_and_then_the_provider(charged, payment, told, monkeypatch):
    one = ask(charged)
    assert (one.refund_no, one.amount_minor, one.fee_minor, one.state) == (1, 1000, 50, "requested")
    assert counters(charged) == (1000, 0)
    assert held(charged) == {**NOTHING, "clearing": 1000, "refunds_payable": -1000}
    assert broken() == set()
    carry_out(monkeypatch)
    one.refresh_from_db()
    assert (one.state, counters(charged)) == ("succeeded", (0, 1000))
    assert legs(one.pk) == [
        ("refund.requested", 950, "payable", "refunds_payable"),
        ("refund.requested", 50, "fee_income", "refunds_payable"),
    ]
    assert legs(carrier(one).pk) == [("refund.succeeded", 1000, "refunds_payable", "clearing:scripted")]
    assert held(charged) == NOTHING
    assert payment(charged).state == "succeeded", "refunded is an amount, not a state"
    assert [(each.state, each.amount_minor) for each in told] == [("succeeded", 1000), ("refunded", 1000)]
    assert list(Event.objects.filter(object_id=one.pk).order_by("seq").values_list("type", flat=True)) == [
        "refund.requested", "refund.succeeded",
    ]  # fmt: skip
    assert broken() == set()


def test_the_provider_is_told_which_charge_it_gives_back(charged, gateway, monkeypatch):
    ask(charged, 400)
    carry_out(monkeypatch)
    sent = gateway.sent[-1]
    assert (sent.operation, sent.amount_minor) == ("refund", 400)
    identity = Attempt.objects.get(payment_id=charged).identity
    assert sent.instructions == {
        "charge": {"provider_ref": "ch_1", "movement_id": "txn_1", "identity": identity, "amount_minor": 1000,
                   "currency": "USDC", "detail": {}}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "fee", "parts"),
    [(1000, 50, [333, 333, 334]), (7, 2, [1] * 7), (3, 1, [1, 1, 1]), (100, 99, [10, 1, 89]), (5, 5, [2, 3]),
     (5, 0, [4, 1]), (999_999_999_999, 333_333_333_333, [1, 999_999_999_997, 1])],
)  # fmt: skip
def test_parts_take_the_fee_exactly(gateway, new_payment, monkeypatch, amount, fee, parts):
    one = new_payment(amount_minor=amount, fee_minor=fee)
    run(monkeypatch)
    refunds = [ask(one, part) for part in parts]
    assert sum(each.fee_minor for each in refunds) == fee
    assert all(0 <= each.fee_minor <= each.amount_minor for each in refunds)
    given = 0
    for each in refunds:  # each step is the share of all so far, rounded down
        given += each.amount_minor
        assert sum(e.fee_minor for e in refunds if e.refund_no <= each.refund_no) == fee * given // amount
    assert broken() == set()


def test_after_failures_neither_side_gives_back_more_than_it_had(gateway, new_payment, monkeypatch):
    """Those that took the fee's units fail, those that took none stay: the rest makes up for it."""
    one = new_payment(amount_minor=10, fee_minor=5)
    run(monkeypatch)
    for _ in range(5):
        pair = sorted((ask(one, 1), ask(one, 1)), key=lambda each: each.fee_minor)
        refund.cancel(pair[1].pk, **WHY)
    rest = ask(one)
    live = refund.Refund.objects.exclude(state="canceled")
    assert rest.amount_minor == 5
    assert sum(each.fee_minor for each in live) == 5
    assert all(0 <= each.fee_minor <= each.amount_minor for each in live)
    assert broken() == set()


def test_more_than_is_left_is_refused_with_what_is_left(charged, monkeypatch):
    first = ask(charged, 700)
    with pytest.raises(Refusal, match=r"0\.000300 USDC is left") as refused:
        ask(charged, 301)
    assert (refused.value.code, refused.value.param) == ("refund_beyond", "amount_minor")
    carry_out(monkeypatch)
    assert code_of(lambda: ask(charged, 301)) == "refund_beyond"
    assert [code_of(lambda wrong=wrong: ask(charged, wrong)) for wrong in (0, -1, 1.5, True)] == [
        "amount_invalid"
    ] * 4
    assert ask(charged).amount_minor == 300
    assert code_of(lambda: ask(charged)) == "refund_beyond"
    assert counters(charged) == (300, 700)
    assert first.refund_no == 1


@pytest.mark.parametrize(
    "change", [{"refunding_minor": 1001}, {"refunded_minor": 1001}, {"disputed_minor": 1001},
               {"refunding_minor": 500, "refunded_minor": 500, "disputed_minor": 1}, {"refunding_minor": -1}],
)  # fmt: skip
def test_the_database_holds_that_no_more_goes_back_than_came(charged, change):
    with pytest.raises(IntegrityError, match="payment_never_over_refunded"), transaction.atomic():
        Payment.objects.filter(pk=charged).update(**change)


def test_a_refund_that_fails_goes_back_to_whom_it_was_taken_from(charged, gateway, told, monkeypatch):
    one = ask(charged, 400)
    gateway.replies[carrier(one).pk] = [declined("balance_too_small")]
    carry_out(monkeypatch)
    one.refresh_from_db()
    assert (one.state, one.failure_code, counters(charged)) == ("failed", "balance_too_small", (0, 0))
    assert held(charged) == {**NOTHING, "clearing": 1000, "payable": -950, "fee_income": -50}
    assert [each.state for each in told] == ["succeeded"], "nothing was given back of it"
    assert ask(charged).amount_minor == 1000
    assert broken() == set()


def test_a_refund_that_is_taken_back_after_it_was_done_goes_back_too(charged, gateway, told, monkeypatch):
    one = ask(charged, 400)
    carry_out(monkeypatch)
    gateway.looks[carrier(one).pk] = [BACK]
    hinted(one)
    one.refresh_from_db()
    assert (one.state, one.failure_code, carrier(one).state) == ("failed", "account_closed", "reversed")
    assert counters(charged) == (0, 0)
    assert held(charged) == {**NOTHING, "clearing": 1000, "payable": -950, "fee_income": -50}
    assert [each.amount_minor for each in told if each.state == "refunded"] == [400, -400]
    assert Case.objects.get().kind == "reversed"
    assert ask(charged).amount_minor == 1000
    assert broken() == set()


def test_a_refund_that_is_done_after_it_had_been_given_up_is_counted(charged, gateway, monkeypatch):
    one = ask(charged, 400)
    gateway.replies[carrier(one).pk] = [declined("closed")]
    carry_out(monkeypatch)
    hinted(one)  # the scripted look finds it paid
    one.refresh_from_db()
    assert (one.state, carrier(one).state, counters(charged)) == ("succeeded", "succeeded_late", (0, 400))
    assert held(charged) == {**NOTHING, "clearing": 600, "payable": -570, "fee_income": -30}
    assert Case.objects.get().kind == "paid_after_close"
    assert broken() == set()


BACK = Finding(Outcome.REVERSED, FailureClass.NONE, "account_closed", "It came back.")


@pytest.mark.parametrize(("between", "counted"), [(0, 400), (900, 100)])
def test_one_that_was_done_late_and_taken_back_is_counted_no_more(
    charged, gateway, told, monkeypatch, between, counted
):
    """As far as it had been counted: another refund may have taken its room meanwhile."""
    one = ask(charged, 400)
    gateway.replies[carrier(one).pk] = [declined("closed")]
    carry_out(monkeypatch)
    if between:
        ask(charged, between)
        carry_out(monkeypatch)
    hinted(one)
    assert counters(charged) == (0, between + counted)
    gateway.looks[carrier(one).pk] = [BACK]
    Case.objects.update(closed_at=clock.machine_now())
    hinted(one)
    one.refresh_from_db()
    assert (one.state, one.failure_code, counters(charged)) == ("failed", "account_closed", (0, between))
    assert [each.amount_minor for each in told if each.state == "refunded"][-2:] == [counted, -counted]
    assert broken() == set()


def test_an_unknown_outcome_keeps_what_is_asked_for(charged, gateway, monkeypatch):
    one = ask(charged, 400)
    silent = Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "timeout", "no answer")
    gateway.replies[carrier(one).pk] = gateway.looks[carrier(one).pk] = [silent]
    carry_out(monkeypatch)
    one.refresh_from_db()
    assert (one.state, carrier(one).state, counters(charged)) == ("requested", "in_flight", (400, 0))
    assert code_of(lambda: ask(charged, 601)) == "refund_beyond"


def test_what_is_not_sent_is_called_back_and_what_is_sent_is_not(charged, monkeypatch):
    first, second = ask(charged, 400), ask(charged, 100)
    refund.cancel(first.pk, **WHY)
    first.refresh_from_db()
    assert (first.state, carrier(first).state, counters(charged)) == ("canceled", "canceled", (100, 0))
    mark(REFUND)
    assert code_of(lambda: refund.cancel(second.pk, **WHY)) == "refund_on_its_way"
    assert carrier(second).stop_code == "", "and nothing of it is told to stop"
    assert code_of(lambda: refund.cancel(first.pk, **WHY)) == "refund_ended"
    assert code_of(lambda: refund.cancel(uuid7(), **WHY)) == "refund_unknown"
    assert broken() == set()


def test_refunds_of_one_payment_go_one_after_the_other(charged, gateway, monkeypatch):
    ask(charged, 400)
    ask(charged, 100)
    assert len(mark(REFUND)) == 1


def test_only_what_was_paid_and_is_not_in_question_is_given_back(
    charged, gateway, new_payment, payment, monkeypatch
):
    open_one = new_payment()
    assert code_of(lambda: ask(open_one)) == "not_paid"
    assert code_of(lambda: ask(carrier(ask(charged, 1)).pk)) == "not_paid"
    assert code_of(lambda: ask(uuid7())) == "payment_unknown"
    attempt = Attempt.objects.get(payment_id=charged)
    evidence.store([Said(attempt.pk, charged, 1, "lookup", Finding(Outcome.REVERSED, code="gone"))])
    assert code_of(lambda: ask(charged, 1)) == "evidence_waits"
    apply_all()
    assert payment(charged).state == "reversed"
    assert code_of(lambda: ask(charged, 1)) == "not_paid"


def test_a_case_of_it_is_decided_first(charged):
    now = clock.machine_now()
    Case.objects.create(id=uuid7(), kind="paid_after_close", payment_id=charged, sentence="s", opened_at=now)
    assert code_of(lambda: ask(charged, 1)) == "case_open"


def test_a_payee_who_was_paid_out_owes_it(charged, monkeypatch):
    """No rule keeps a payer from their money: the payee's account says what they owe."""
    from engine.ledger import posting
    from engine.ledger.posting import Leg

    at = Payment.objects.get(pk=charged).accounts
    now = clock.machine_now()
    with transaction.atomic():
        posting.post(
            [Leg("made.up", uuid7(), 0, at["payable"], at["suspense"], "USDC", 950, now)], machine_at=now
        )
    ask(charged)
    carry_out(monkeypatch)
    assert held(charged)["payable"] == 950


def test_a_provider_that_is_no_longer_configured_is_replaced_by_a_person(charged, monkeypatch):
    from django.conf import settings

    monkeypatch.setattr(settings, "PROVIDERS", {})
    assert ask(charged, 100).state == "by_hand"


def test_a_rail_of_another_settlement_is_left_to_a_person(world, new_payment, monkeypatch):
    world.sheet = replace(world.sheet, operations=("charge", "refund"))
    one = new_payment()
    run(monkeypatch)
    assert ask(one, 100).state == "by_hand"
