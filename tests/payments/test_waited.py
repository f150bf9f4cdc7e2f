"""What waits for its payer for too long, or was told to stop, is called back; what a look says afterwards decides.

What can't be called back is closed by our own clock, and what is paid then has come late.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.conf import settings

from engine.core import clock
from engine.providers import registry
from engine.providers.base import Asked, FailureClass, Finding, Outcome
from payments import cancel
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import hinted, look_again, spans, verify
from payments.pipeline.hinted import Told
from payments.pipeline.lanes import Worked
from tests.payments.scripted import Scripted, paid
from tests.payments.steps import LANE, apply_all, mark

GONE = Finding(Outcome.ABSENT, FailureClass.PAYER_ACTION, "called_back", "Its payer did not act in time.")
SILENT = Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "timeout")


def asks(**action: str) -> Finding:
    return Finding(
        Outcome.PENDING, FailureClass.PAYER_ACTION, "payer_action_needed", detail={"action": action}
    )


class Recalling(Scripted):
    """Calls back: by then `after` is what there is to be seen of it."""

    sheet = replace(Scripted.sheet, cancel=True, action_seconds=3600.0)

    def __init__(self) -> None:
        super().__init__()
        self.after: list[Finding] = [GONE]
        self.answer = GONE
        self.called: list[UUID] = []
        self.numbers: list[int] = []

    def cancel(self, asked: Asked) -> Finding:
        self.called.append(asked.payment_id)
        self.numbers.append(asked.looks)
        self.looks[asked.payment_id] = [*self.after]
        return self.answer


@pytest.fixture
def gateway(world: Scripted, monkeypatch: pytest.MonkeyPatch) -> Recalling:
    monkeypatch.setattr(settings, "PROVIDERS", {"scripted": "tests.payments.test_waited.Recalling"})
    registry.get.cache_clear()
    provider = registry.get("scripted")
    assert isinstance(provider, Recalling)
    return provider


@pytest.fixture
def waits(gateway: Recalling, new_payment) -> UUID:
    """Its payer is to act; nothing says until when."""
    one: UUID = new_payment()
    gateway.looks[one] = [asks()]
    mark()
    look()
    assert (Payment.objects.get().waiting, gateway.called) == ("payer", [])
    return one


def look(times: int = 1) -> None:
    """Its next looks, one after the other; its sends lie long back."""
    for _ in range(times):
        now = clock.machine_now()
        Attempt.objects.update(send_by=now - timedelta(hours=1))
        Payment.objects.filter(state="in_flight").update(next_action_at=now)
        taken = verify.take_open(LANE, most=50)
        if taken:
            verify._look(registry.get("scripted"), LANE, taken)
        apply_all()


def is_old() -> None:
    """Its payer's time is over, from when they are known to be asked."""
    provider = registry.get("scripted")
    provider.sheet = replace(provider.sheet, action_seconds=0.0)


def hear(end: str = "") -> None:
    """Somebody told of it, and it is looked up once more."""
    assert hinted.make_due([Told(Attempt.objects.get().pk, end)]) == 1
    look_again.work(registry.get("scripted"), LANE, Worked(), until=time.monotonic() + 60)
    apply_all()


def test_a_payer_who_never_acts_is_a_decline_of_theirs(waits: UUID, gateway: Recalling, payment) -> None:
    is_old()
    look(2)
    found = payment(waits)
    assert (found.state, found.failure_class, found.failure_code) == (
        "failed", "payer_action_needed", "called_back",
    )  # fmt: skip
    assert [one.state for one in Attempt.objects.all()] == ["declined"]
    assert gateway.called == [waits], "once was enough"


def test_one_who_paid_meanwhile_has_paid(waits: UUID, gateway: Recalling, payment) -> None:
    """What the call-back itself says is not believed: it lost against the payer."""
    gateway.after = [paid(gross_minor=1000, currency="USDC", fee_minor=50)]
    is_old()
    look()
    assert (payment(waits).state, gateway.called) == ("succeeded", [waits])


def test_nothing_is_given_up_by_a_call_back_that_was_lost(waits: UUID, gateway: Recalling, payment) -> None:
    gateway.after, gateway.answer = [asks()], SILENT
    is_old()
    look(3)
    assert (payment(waits).state, gateway.called) == ("in_flight", [waits] * 3)
    assert len(set(gateway.numbers)) == 3, "none of them is taken for the one before"


def test_what_was_called_back_before_this_process_ended_is_found(
    waits: UUID, gateway: Recalling, payment
) -> None:
    gateway.looks[waits] = [GONE]
    look(2)
    assert (payment(waits).state, gateway.called) == ("failed", [])


def test_who_does_not_answer_keeps_nobody_waiting(gateway: Recalling, new_payment) -> None:
    gateway.after, gateway.answer = [asks()], SILENT
    for _ in range(3):
        gateway.looks[new_payment()] = [asks()]
    mark()
    look()
    is_old()
    look()
    assert len(gateway.called) == 1


def test_slow_ones_leave_the_rest_to_the_next_look(
    gateway: Recalling, new_payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all of them together outlast the time for which they were taken."""
    for _ in range(3):
        gateway.looks[new_payment()] = [asks()]
    mark()
    look()
    is_old()
    monkeypatch.setattr(spans, "take", lambda: 0.0)
    for done in (1, 2, 3):
        look()
        assert len(set(gateway.called)) == len(gateway.called) == done


@pytest.mark.parametrize(("hours", "called"), [(-1, True), (1, False)])
def test_the_end_that_the_provider_named_counts(
    gateway: Recalling, new_payment, hours: int, called: bool
) -> None:
    ends = datetime.now(UTC) + timedelta(hours=hours)
    gateway.looks[new_payment()] = [asks(expires_at=ends.isoformat())]
    mark()
    is_old()
    look(2)
    assert bool(gateway.called) is called


def test_what_was_told_to_stop_is_called_back_at_once_and_canceled(
    waits: UUID, gateway: Recalling, payment, told
) -> None:
    now = clock.machine_now()
    later = now + timedelta(hours=1)
    Payment.objects.update(next_action_at=later)
    assert (
        cancel.call_back("test", [payment(waits).source_id], code="stopped", reason="Enough.", machine_at=now)
        == []
    )
    assert payment(waits).next_action_at < later, "nobody leaves it open until its next look"
    look(2)
    assert (payment(waits).state, payment(waits).failure_code, gateway.called) == (
        "canceled",
        "stopped",
        [waits],
    )
    assert [(one.state, one.failure_code) for one in told] == [("canceled", "stopped")]


def test_who_was_not_known_to_be_asked_has_their_time_yet(gateway: Recalling, new_payment, payment) -> None:
    """A look finds it long after it was sent: nobody can have told them."""
    one = new_payment()
    gateway.looks[one] = [asks()]
    mark()
    Attempt.objects.update(created_at=clock.machine_now() - timedelta(days=3))
    look(2)
    assert (payment(one).waiting, gateway.called) == ("payer", [])


@pytest.fixture
def stays(waits: UUID, gateway: Recalling) -> UUID:
    """It waits for its payer at a provider that can't call it back."""
    gateway.sheet = replace(gateway.sheet, cancel=False)
    return waits


def test_what_can_not_be_called_back_is_closed_by_our_own_clock(
    stays: UUID, gateway: Recalling, payment, told
) -> None:
    look()
    assert payment(stays).state == "in_flight", "they have an hour"
    is_old()
    look()
    found = payment(stays)
    assert (found.state, found.failure_class, found.failure_code) == (
        "failed", "payer_action_needed", "not_answered",
    )  # fmt: skip
    said = Evidence.objects.latest("pk")
    assert (said.source, said.outcome, Attempt.objects.get().state) == ("lookup", "declined", "declined")
    assert (gateway.called, [one.failure_code for one in told]) == ([], ["not_answered"])


@pytest.mark.parametrize("said", [Finding(Outcome.PENDING, code="processing"), SILENT, None])
def test_nothing_is_closed_while_somebody_else_is_waited_for(
    stays: UUID, gateway: Recalling, payment, said: Finding | None
) -> None:
    is_old()
    gateway.looks[stays] = [said] if said else []
    gateway.left_out = set() if said else {stays}
    look(2)
    assert payment(stays).state == "in_flight"


@pytest.mark.parametrize("seconds", [None, 3600.0])
def test_an_end_that_was_named_closes_it_only_where_the_sheet_says_that_we_do(
    gateway: Recalling, new_payment, payment, seconds: float | None
) -> None:
    """A payer may be let in until later than what they were told: its provider knows."""
    gateway.sheet = replace(gateway.sheet, cancel=False, action_seconds=seconds)
    one = new_payment()
    gateway.looks[one] = [asks(expires_at=(datetime.now(UTC) - timedelta(hours=1)).isoformat())]
    mark()
    look(2)
    assert payment(one).state == ("in_flight" if seconds is None else "failed")


def test_who_pays_at_the_last_moment_is_found_though_nobody_tells(
    stays: UUID, gateway: Recalling, payment
) -> None:
    """The callback may have come before the end, and the look after it said still that they are waited for."""
    is_old()
    look()
    gateway.looks[stays] = [paid(gross_minor=1000, currency="USDC", fee_minor=50)]
    assert Attempt.objects.get().look_at > clock.machine_now()
    Attempt.objects.update(look_at=clock.machine_now())
    look_again.work(registry.get("scripted"), LANE, Worked(), until=time.monotonic() + 60)
    apply_all()
    assert (payment(stays).state, Attempt.objects.get().look_at) == ("succeeded_late", None)


def test_who_pays_after_our_own_end_has_paid_late(stays: UUID, gateway: Recalling, payment) -> None:
    is_old()
    look()
    hear()
    assert (payment(stays).state, Case.objects.count()) == ("failed", 0), "that they may still pay is no news"
    gateway.looks[stays] = [paid(gross_minor=1000, currency="USDC", fee_minor=50)]
    hear("succeeded")
    assert payment(stays).state == "succeeded_late"
    assert [case.kind for case in Case.objects.all()] == ["paid_after_close"]
