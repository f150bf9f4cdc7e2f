"""What a payer paid to set a method up, and disputes: it is not given back beside that, by nobody."""

from __future__ import annotations

from payments import cancel, dispute, suspense
from payments.models import Case
from tests.payments.steps import run
from tests.payments.test_disputes import LOST, OPEN, found
from tests.payments.test_setup_charges import (
    ADA,
    REFUND,
    broken,
    failed,
    gateway,
    legs,
    look,
    paying,
    refusal,
    returning,
)
from tests.payments.test_setup_returned_late import asking

__all__ = ["failed", "gateway", "paying"]
DONE = {"reason": "by bank", "by": ADA}


def keep(state) -> None:
    dispute.keep("scripted", found(state, charge_ref="tx_1", currency="NGN", amount_minor=5_000, fee_minor=0))


def test_its_return_waits_for_the_verdict_and_is_called_back_once_it_is_lost(paying, gateway, monkeypatch):
    look(paying)
    keep(OPEN)
    run(monkeypatch, REFUND)
    assert (returning().state, returning().failure_code) == ("scheduled", "charge_disputed")
    keep(LOST)
    look_now()
    run(monkeypatch, REFUND)
    assert (returning().stop_code, cancel.recall()) == ("charge_lost", 1)
    suspense.return_money(asking().pk, **DONE)
    assert legs()[-2:] == [
        ("dispute.covered", 5_000, "clearing:scripted", "dispute_loss"),
        ("setup.by_hand", 5_000, "refunds_payable", "clearing:scripted"),
    ]
    assert broken() == []


def look_now() -> None:
    one = returning()
    one.next_action_at = one.created_at
    one.save(update_fields=["next_action_at"])


def test_a_person_gives_it_back_once_the_dispute_is_decided(failed, gateway):
    case = asking()
    keep(OPEN)
    assert refusal(lambda: suspense.return_money(case.pk, **DONE)) == "payment_disputed"
    keep(LOST)
    suspense.return_money(case.pk, **DONE)
    case.refresh_from_db()
    assert (
        case.resolution == "given back by hand, of which its payer had 50.00 NGN back by a dispute: by bank"
    )
    assert broken() == [] and Case.objects.filter(kind="setup_not_returned", closed_at=None).count() == 0
