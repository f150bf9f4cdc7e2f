"""What a payer pays so that a gateway keeps their method: booked once, given back once, and never forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.conf import settings

from engine.core import clock
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.ledger.models import Transfer
from engine.providers import registry
from engine.providers.abilities import Payer, SetupFound
from engine.providers.base import FailureClass, Finding, Outcome
from engine.providers.setups import SetupCharge
from ops import books
from payments import cases, methods, setup_charge, story, suspense, switches
from payments.methods import setup
from payments.models import Attempt, Case, Payment, PaymentMethod
from payments.pipeline import look_again
from payments.pipeline.hinted import Told, make_due
from payments.pipeline.lanes import Lane, Worked
from tests.payments.gateway import Gateway
from tests.payments.scripted import paid
from tests.payments.steps import apply_all, run

REFUND = Lane("refund", "scripted")
ADA = Actor("ada", "user", Role.APPROVER)
CHARGED = SetupCharge("tx_1", "tx_1", "setup-1", 5_000, "NGN", 75, {"api": "v3"})
REFUSED = Finding(Outcome.DECLINED, FailureClass.HARD_DECLINE, "refund_refused", "the card is closed")
TAKEN_BACK = Finding(Outcome.REVERSED, FailureClass.HARD_DECLINE, "refund_failed", "the bank sent it back")
DONE = {"gross_minor": 5_000, "currency": "NGN"}


class Charging(Gateway):
    """Its payers pay a little on its page."""

    name = "scripted"
    sheet = replace(Gateway.sheet, provider="scripted", operations=("charge", "refund"), reversible=True)


@pytest.fixture
def gateway(db: None, spans: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setattr(settings, "PROVIDERS", {"scripted": f"{__name__}.Charging"})
    monkeypatch.setattr(settings.ENV, "verify_first_seconds", 0.01)
    registry.get.cache_clear()
    switches.seed()
    provider = registry.get("scripted")
    assert isinstance(provider, Charging)
    yield provider
    registry.get.cache_clear()


def begin() -> PaymentMethod:
    payer = Payer(uuid7(), "Ada", "ada@example.com")
    begun = methods.begin(payer=payer, currency="NGN", provider="scripted")
    return methods.keep_setup(begun, customer_id=payer.customer_id, currency="NGN", provider="scripted")


def look(method: PaymentMethod) -> PaymentMethod:
    """As a callback has it looked at."""
    methods.setup_may_be_done(method.pk.hex)
    methods.work(seconds=5)
    return PaymentMethod.objects.get(pk=method.pk)


@pytest.fixture
def paying(gateway: Gateway) -> PaymentMethod:
    """The payer paid and gave a card."""
    made = begin()
    gateway.finish(made.pk.hex)
    gateway.done[made.pk.hex] = replace(gateway.done[made.pk.hex], charged=CHARGED)
    return made


@pytest.fixture
def failed(paying: PaymentMethod, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Payment:
    """Its return was refused by the gateway."""
    look(paying)
    gateway.looks[returning().pk] = [REFUSED]
    run(monkeypatch, REFUND)
    assert returning().state == "failed"
    return returning()


def returning() -> Payment:
    return Payment.objects.get(source_kind="payment_method")


def hinted(gateway: Gateway, finding: Finding) -> None:
    """A callback has what had ended looked at once more."""
    gateway.looks[returning().pk] = [finding]
    assert make_due([Told(Attempt.objects.get().pk)]) == 1
    look_again.work(gateway, REFUND, Worked(), until=time.monotonic() + 60)
    apply_all()


def legs() -> list[tuple[str, int, str, str]]:
    found = Transfer.objects.order_by("id").values_list("kind", "amount_minor", "debit__kind", "credit__kind")
    return list(found)


def broken() -> list[str]:
    return [each.name for each in books.examine().broken]


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refused:
        call()
    return refused.value.code


PAID = [
    ("setup.paid", 5_000, "clearing:scripted", "refunds_payable"),
    ("setup.paid", 75, "network_fee", "clearing:scripted"),
]
RETURNED = ("refund.succeeded", 5_000, "refunds_payable", "clearing:scripted")


def test_it_is_booked_as_it_is_found_and_given_back_by_a_payment_of_its_own(paying, gateway, monkeypatch):
    assert look(paying).state == "active"
    assert legs() == PAID and broken() == []
    payment = returning()
    assert (payment.operation, payment.state, payment.amount_minor) == ("refund", "scheduled", 5_000)
    run(monkeypatch, REFUND)
    assert legs() == [*PAID, RETURNED] and broken() == []
    assert returning().state == "succeeded" and not Case.objects.exists()
    (sent,) = gateway.sent
    charge = sent.instructions["charge"]
    assert (charge["provider_ref"], charge["identity"], charge["detail"]) == (
        "tx_1",
        "setup-1",
        {"api": "v3"},
    )
    told = [each.title for each in story.timeline(payment.pk)]
    assert any("setup.paid" in title for title in told), told


def test_however_often_and_by_whom_it_is_found_it_is_booked_once(paying, gateway, monkeypatch):
    found = gateway.done[paying.pk.hex]
    for _ in range(2):
        methods.take_setup(paying.pk, found)
    run(monkeypatch, REFUND)
    methods.take_setup(paying.pk, found)
    assert legs() == [*PAID, RETURNED] and len(gateway.sent) == 1


@pytest.mark.parametrize("code", ["not_reusable", "amount_differs"])
def test_what_was_paid_with_a_card_that_is_no_method_is_given_back(gateway, monkeypatch, code):
    made = begin()
    gateway.done[made.pk.hex] = SetupFound(False, code, "another card", charged=CHARGED)
    assert look(made).state == "pending" and legs() == PAID
    look(made)
    run(monkeypatch, REFUND)
    assert legs() == [*PAID, RETURNED] and broken() == []


def test_who_pays_after_the_end_or_the_removal_is_found_without_a_callback(paying, gateway, monkeypatch):
    """The page may be paid late, and the callback be lost: it is looked at for a month, a dozen times."""
    found = gateway.done.pop(paying.pk.hex)
    look(paying)
    methods.remove(paying.pk)
    end, gaps = clock.machine_now(), []
    PaymentMethod.objects.update(setup_until=end, next_action_at=end)
    with monkeypatch.context() as time_passes:
        while (at := PaymentMethod.objects.get(pk=paying.pk).next_action_at) is not None:
            gaps.append(at - end)
            time_passes.setattr(clock, "machine_now", lambda at=at: max(at, end))
            methods.work(seconds=5)
    assert gaps == sorted(gaps) and gaps[-1] >= setup.LATE and 8 <= len(gaps) <= 16
    gateway.done[paying.pk.hex] = found
    PaymentMethod.objects.update(next_action_at=end)
    methods.work(seconds=5)
    assert PaymentMethod.objects.get(pk=paying.pk).state == "removed" and legs() == PAID


def test_a_return_that_fails_is_a_persons_and_the_money_still_the_payers(failed, gateway):
    (case,) = Case.objects.all()
    assert (
        case.kind == setup_charge.CASE
        and "50.00 NGN" in case.sentence
        and "the card is closed" in case.sentence
    )
    assert legs() == PAID and broken() == []
    done = {"reason": "sent by bank, no. 17", "by": ADA}
    assert refusal(lambda: cases.close_case(case.pk, resolution="done", **done)) == "return_waits"
    assert refusal(lambda: suspense.apply_money(case.pk, **done)) == "nothing_in_suspense"
    suspense.return_money(case.pk, **done)
    case.refresh_from_db()
    assert (case.closed_by, case.resolution) == ("ada", "given back by hand: sent by bank, no. 17")
    assert legs() == [*PAID, ("setup.by_hand", 5_000, "refunds_payable", "clearing:scripted")]
    assert broken() == []
    assert refusal(lambda: suspense.return_money(case.pk, **done)) == "case_closed"


def test_what_was_given_back_after_all_closes_the_case(failed, gateway):
    hinted(gateway, paid(**DONE))
    assert returning().state == "succeeded_late"
    assert legs() == [*PAID, ("refund.succeeded_late", 5_000, "refunds_payable", "clearing:scripted")]
    case = Case.objects.get(kind=setup_charge.CASE)
    assert case.closed_at is not None and broken() == []


def test_what_both_gave_back_is_our_loss(failed, gateway):
    suspense.return_money(Case.objects.get().pk, reason="by bank", by=ADA)
    hinted(gateway, paid(**DONE))
    assert legs()[-1] == ("setup.returned_twice", 5_000, "write_off", "refunds_payable")
    assert broken() == []


def test_a_return_that_is_taken_back_is_a_persons(paying, gateway, monkeypatch):
    look(paying)
    run(monkeypatch, REFUND)
    hinted(gateway, TAKEN_BACK)
    assert returning().state == "reversed" and Case.objects.filter(kind=setup_charge.CASE).count() == 1
    assert legs()[-1] == ("payment.reversed", 5_000, "clearing:scripted", "refunds_payable")
    assert broken() == []


def differing(paying: PaymentMethod, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, minor: int) -> Case:
    """Its return gave back another amount than was asked."""
    look(paying)
    gateway.looks[returning().pk] = [paid(gross_minor=minor, currency="NGN", movement_id="re_7")]
    run(monkeypatch, REFUND)
    return Case.objects.get(kind="amount_differs")


BACK = ("setup.counted", 3_000, "refunds_payable", "clearing:scripted")


def test_of_what_went_back_in_part_the_rest_is_a_persons(paying, gateway, monkeypatch):
    case = differing(paying, gateway, monkeypatch, 3_000)
    assert broken() == []
    suspense.apply_money(case.pk, reason="seen in its statement", by=ADA)
    assert returning().state == "canceled" and returning().parked_at is None
    assert legs()[-1] == BACK and broken() == []
    rest = Case.objects.get(closed_at=None)
    assert (rest.kind, rest.sentence) == (
        setup_charge.CASE,
        "20.00 NGN that its payer paid to set a method up is not given back: 30.00 NGN of it was",
    )
    suspense.return_money(rest.pk, reason="by bank", by=ADA)
    assert legs()[-1] == ("setup.by_hand", 2_000, "refunds_payable", "clearing:scripted")
    assert broken() == [] and not Case.objects.filter(closed_at=None).exists()


def test_what_went_back_beyond_it_is_our_loss(paying, gateway, monkeypatch):
    case = differing(paying, gateway, monkeypatch, 7_000)
    suspense.apply_money(case.pk, reason="seen in its statement", by=ADA)
    assert legs()[-2:] == [
        ("setup.counted", 5_000, "refunds_payable", "clearing:scripted"),
        ("setup.counted", 2_000, "write_off", "clearing:scripted"),
    ]
    closed = Case.objects.get(kind=setup_charge.CASE)
    assert (closed.closed_by, closed.resolution) == ("ada", "70.00 NGN went back: seen in its statement")
    assert broken() == [] and not Case.objects.filter(closed_at=None).exists()


def test_check_books_sees_more_counted_than_was_paid(paying, gateway, monkeypatch):
    case = differing(paying, gateway, monkeypatch, 7_000)
    monkeypatch.setattr(setup_charge, "left_of", lambda payment: 7_000)
    suspense.apply_money(case.pk, reason="seen in its statement", by=ADA)
    assert broken() == ["setups"]


def test_of_a_return_of_another_amount_nothing_is_gone(paying, gateway, monkeypatch):
    case = differing(paying, gateway, monkeypatch, 3_000)
    suspense.return_money(case.pk, reason="it never left", by=ADA)
    assert "50.00 NGN" in Case.objects.get(closed_at=None).sentence and broken() == []


def test_another_amount_after_a_return_failed_counts_and_the_whole_later_is_our_loss(failed, gateway):
    hinted(gateway, paid(gross_minor=3_000, currency="NGN", movement_id="re_7"))
    suspense.apply_money(Case.objects.get(kind="amount_differs").pk, reason="seen", by=ADA)
    assert legs()[-1] == BACK and broken() == []
    hinted(gateway, paid(**DONE, movement_id="re_8"))
    assert returning().state == "succeeded_late"
    assert legs()[-1] == ("setup.returned_twice", 3_000, "write_off", "refunds_payable")
    assert broken() == [] and not Case.objects.filter(kind=setup_charge.CASE, closed_at=None).exists()


def test_removing_the_method_calls_no_return_back(paying, gateway, monkeypatch):
    look(paying)
    methods.remove(paying.pk)
    run(monkeypatch, REFUND)
    assert returning().state == "succeeded"


def test_check_books_sees_what_is_not_booked_or_not_given_back(paying, failed):
    Case.objects.all().delete()
    assert broken() == ["setups"]
    failed.instructions["charge"]["fee_minor"] = 0
    failed.save(update_fields=["instructions"])
    assert {"setups", "clearing"} <= set(broken())
