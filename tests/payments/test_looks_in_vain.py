"""What is looked up in vain: asked for a while, then a person is asked; what is pending is not unknown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from engine.core import clock
from engine.providers import registry
from engine.providers.base import FailureClass, Finding, Outcome, ProviderUnavailable
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import evidence, hinted, look_again, spans
from payments.pipeline.evidence import Said
from payments.pipeline.hinted import Told
from payments.pipeline.lanes import Worked
from tests.payments.scripted import Scripted, paid
from tests.payments.steps import LANE, apply_all, look, mark, run

UNKNOWN = Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "unreadable")
MISSING = Finding(Outcome.MISSING, code="not_seen")
WAITS = Finding(Outcome.PENDING, code="payer_action_needed")
TOO_LONG = "its outcome has been unknown for too long"
A_WHILE = 3600.0


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """For how long something is looked up in vain before a person is asked, in seconds; 0: it has been long enough."""

    def lasts(seconds: float) -> None:
        monkeypatch.setattr(spans, "park_unknown", lambda: seconds)

    return lasts


@pytest.fixture
def closed(world: Scripted, new_payment, patience, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Paid, its provider may take it back, and from now on can't say whether it did."""
    world.sheet = replace(world.sheet, reversible=True)
    one: UUID = new_payment()
    run(monkeypatch)
    world.looks[one] = [UNKNOWN]
    patience(A_WHILE)
    return one


def again(*, told: bool = False) -> Attempt:
    """One more look, as if its time had come."""
    attempt = Attempt.objects.get()
    if told:
        assert hinted.make_due([Told(attempt.pk)]) == 1
    else:
        assert attempt.look_at is not None
        Attempt.objects.update(look_at=clock.machine_now())
    look_again.work(registry.get("scripted"), LANE, Worked(), until=time.monotonic() + 60)
    apply_all()
    return Attempt.objects.get()


def test_a_closed_attempt_is_not_asked_about_without_end(closed: UUID, patience) -> None:
    assert again(told=True).look_at is not None
    assert again().look_at is not None
    assert not Case.objects.exists()
    patience(0)
    assert again().look_at is None
    assert (Case.objects.get().kind, Payment.objects.get().state) == ("looked_in_vain", "succeeded")
    assert [each.verdict for each in Evidence.objects.order_by("pk")][-2:] == [
        "refused: the attempt was closed",
        "looked in vain",
    ]


@pytest.mark.parametrize("alone", [True, False])
def test_who_is_left_out_is_not_asked_about_without_end(
    closed: UUID, world: Scripted, patience, alone: bool
) -> None:
    """Asked with others it has no answer; alone, its provider is silent."""
    world.left_out = {closed}
    if alone:
        world.down = ProviderUnavailable("http_500", "it can't say")
    assert again(told=True).look_at is not None
    patience(0)
    assert again().look_at is None
    assert (Case.objects.get().kind, Payment.objects.get().state) == ("looked_in_vain", "succeeded")


def test_the_next_hint_begins_anew(closed: UUID, patience) -> None:
    again(told=True)
    patience(0)
    assert again().look_at is None
    patience(A_WHILE)
    assert again(told=True).look_at is not None
    assert again().look_at is not None


def test_an_answer_ends_the_count(closed: UUID, world: Scripted, patience) -> None:
    again(told=True)
    patience(0)
    world.looks[closed] = [paid(gross_minor=1000, currency="USDC", fee_minor=50)]
    assert again().look_at is None
    world.looks[closed] = [UNKNOWN]
    patience(A_WHILE)
    assert again(told=True).look_at is not None
    assert not Case.objects.exists()


def due() -> None:
    Payment.objects.filter(state="in_flight", parked_at=None).update(next_action_at=clock.machine_now())


@pytest.fixture
def old(world: Scripted, new_payment, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """On its way for days."""
    one: UUID = new_payment()
    world.looks[one] = [MISSING]
    world.sheet = replace(world.sheet, resend_same_identity=())
    mark()
    long_ago = clock.machine_now() - timedelta(days=3)
    Attempt.objects.update(created_at=long_ago, send_by=long_ago)
    return one


def test_what_waits_for_its_payer_is_not_parked(old: UUID, world: Scripted, payment) -> None:
    evidence.store([Said(Attempt.objects.get().pk, old, 1, "reply", WAITS)])
    apply_all()
    world.looks[old] = [WAITS]
    for _ in range(3):
        due()
        look()
    assert (payment(old).parked_at, Attempt.objects.get().state) == (None, "pending")


def test_what_was_seen_is_unknown_since_it_is_seen_no_more(
    old: UUID, world: Scripted, payment, patience
) -> None:
    evidence.store([Said(Attempt.objects.get().pk, old, 1, "reply", WAITS)])
    apply_all()
    patience(A_WHILE)
    for _ in range(2):
        due()
        look()
        assert (payment(old).parked_at, Attempt.objects.get().state) == (None, "unknown")
    patience(0)
    due()
    look()
    assert payment(old).parked_reason == TOO_LONG


def test_what_can_not_be_read_any_more_is_parked_though_it_was_pending(
    old: UUID, world: Scripted, payment, patience
) -> None:
    evidence.store([Said(Attempt.objects.get().pk, old, 1, "reply", WAITS)])
    apply_all()
    patience(A_WHILE)
    world.looks[old] = [UNKNOWN]
    due()
    look()
    patience(0)
    due()
    look()
    assert (payment(old).parked_reason, Attempt.objects.get().state) == (TOO_LONG, "pending")


def test_what_was_never_seen_is_parked_by_its_age(old: UUID, payment) -> None:
    for _ in range(2):
        due()
        look()
    assert payment(old).parked_reason == TOO_LONG
