"""A return of what a payer paid to set a method up that failed, was done after all, and was taken back."""

from __future__ import annotations

from payments import cases, setup_charge, suspense
from payments.models import Case
from tests.payments.scripted import paid
from tests.payments.test_setup_charges import (
    ADA,
    DONE,
    TAKEN_BACK,
    broken,
    failed,
    gateway,
    hinted,
    legs,
    paying,
    refusal,
    returning,
)

__all__ = ["failed", "gateway", "paying"]
AGAIN = ("payment.reversed", 5_000, "clearing:scripted", "refunds_payable")


def asking() -> Case:
    return Case.objects.get(kind=setup_charge.CASE, closed_at=None)


def test_it_is_a_persons_again(failed, gateway):
    hinted(gateway, paid(**DONE))
    hinted(gateway, TAKEN_BACK)
    assert legs()[-1] == AGAIN and broken() == []
    case = asking()
    assert returning().state == "succeeded_late" and "50.00 NGN" in case.sentence
    done = {"reason": "by bank", "by": ADA}
    assert refusal(lambda: cases.close_case(case.pk, resolution="done", **done)) == "return_waits"
    suspense.return_money(case.pk, **done)
    assert legs()[-1] == ("setup.by_hand", 5_000, "refunds_payable", "clearing:scripted")
    assert broken() == [] and not Case.objects.filter(kind=setup_charge.CASE, closed_at=None).exists()


def test_what_a_person_had_given_back_is_no_loss_and_asks_nobody(failed, gateway):
    suspense.return_money(asking().pk, reason="by bank", by=ADA)
    hinted(gateway, paid(**DONE))
    hinted(gateway, TAKEN_BACK)
    assert (
        AGAIN in legs()[-2:] and ("setup.twice_undone", 5_000, "refunds_payable", "write_off") in legs()[-2:]
    )
    assert broken() == [] and not Case.objects.filter(kind=setup_charge.CASE, closed_at=None).exists()


def test_check_books_sees_that_nobody_is_asked_again(failed, gateway):
    hinted(gateway, paid(**DONE))
    hinted(gateway, TAKEN_BACK)
    Case.objects.filter(kind=setup_charge.CASE, closed_at=None).delete()
    assert broken() == ["setups"]
