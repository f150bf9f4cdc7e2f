"""A callback is a hint: what it names is looked up, and only what the look finds moves anything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from engine.core import clock
from engine.core.errors import Refusal
from engine.providers.abilities import SignatureWrong
from engine.providers.base import Finding, Outcome, ProviderUnavailable
from ops import wanted
from payments import operate
from payments.callbacks import again, route, takers, work
from payments.callbacks.models import Callback
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import apply, evidence, hinted, verify
from payments.pipeline.evidence import Said
from payments.pipeline.lanes import Lane
from tests.callbacks.conftest import BOSS, come_round, identity, is_due, rest, the_one
from tests.payments import steps
from tests.payments.scripted import declined, paid
from tests.payments.test_disputes import keep

LANE = Lane("charge", "scripted")


def test_what_it_names_is_looked_up_and_nothing_else_is_done(tell, open_payment):
    tell(identity=identity(open_payment))
    before = Evidence.objects.count()
    assert "payments.work_callbacks" in {each.task for each in wanted.wanted()}
    worked = work.work()
    assert (worked.counts, worked.lanes) == ({"done": 1}, {LANE})
    assert is_due(open_payment)
    one, attempt = the_one(), Attempt.objects.get()
    assert (one.payment_id, one.attempt_id) == (open_payment, attempt.pk)
    assert (one.state, one.next_action_at) == ("done", None)
    assert Evidence.objects.count() == before
    assert Payment.objects.get().state == "in_flight" and attempt.state == "pending"


def test_it_is_found_by_what_its_provider_calls_it(tell, open_payment):
    tell(provider_ref="ref-1")
    work.work()
    assert is_due(open_payment) and the_one().payment_id == open_payment


def test_another_providers_reference_is_not_ours(tell, open_payment):
    tell(path="/api/webhooks/ipaymu", provider_ref="ref-1")
    tell(path="/api/webhooks/ipaymu", event_id="e-2", identity=identity(open_payment))
    work.work()
    assert not is_due(open_payment)


def test_the_look_is_the_evidence_whatever_the_callback_says(tell, gateway, open_payment):
    tell(kind="payment.failed", identity=identity(open_payment))
    work.work()
    gateway.looks[open_payment] = [paid(gross_minor=1000, currency="USDC", fee_minor=50)]
    steps.look()
    assert Payment.objects.get().state == "succeeded"
    assert Evidence.objects.order_by("pk").last().source == "lookup"


def test_events_out_of_order_end_in_what_is_true(tell, gateway, open_payment):
    gateway.looks[open_payment] = [paid(gross_minor=1000, currency="USDC", fee_minor=50)]
    for event, kind in (("e-3", "refunded"), ("e-2", "paid"), ("e-1", "created")):
        tell(event_id=event, kind=kind, identity=identity(open_payment))
        work.work()
        steps.look()
    assert Payment.objects.get().state == "succeeded"
    assert Payment.objects.get().settled_minor == 1000


def test_a_callback_that_is_faster_than_the_answer_waits_for_it(tell, gateway, new_payment):
    one = new_payment()
    (marked,) = steps.mark()
    at = Payment.objects.get().next_action_at
    tell(identity=identity(one))
    assert work.work().counts == {"waiting": 1}
    assert Payment.objects.get().next_action_at == at
    said = Said(marked.sendable.attempt_id, one, 1, "reply", Finding(Outcome.PENDING, provider_ref="ref-9"))
    evidence.store([said])
    come_round()
    assert work.work().counts == {"waiting": 1}  # apply goes first, and would put the look off again
    steps.apply_all()
    rest(one)
    come_round()
    assert work.work().counts == {"done": 1}
    assert is_due(one)


def test_what_is_not_known_yet_is_looked_for_again(tell, gateway, open_payment):
    tell(provider_ref="ref-2")
    assert work.work().counts == {"waiting": 1}
    assert the_one().next_action_at > clock.machine_now()
    attempt = Attempt.objects.get()
    evidence.store(
        [Said(attempt.pk, open_payment, 1, "lookup", Finding(Outcome.PENDING, provider_ref="ref-2"))]
    )
    steps.apply_all()
    rest(open_payment)
    come_round()
    assert work.work().counts == {"done": 1}
    assert is_due(open_payment)


def test_waits_grow_until_it_names_nothing_of_ours(tell, gateway):
    tell(provider_ref="nobody's")
    waits = []
    for age in (0, 10, 100, 1000, 3000):
        then = clock.machine_now() - timedelta(seconds=age)
        Callback.objects.update(received_at=then)
        come_round()
        assert work.work().counts == {"waiting": 1}
        waits.append(round((the_one().next_action_at - clock.machine_now()).total_seconds()))
    assert waits == [1, 5, 50, 500, 900]
    Callback.objects.update(received_at=clock.machine_now() - timedelta(hours=1))
    come_round()
    assert work.work().counts == {"unknown": 1}
    assert (the_one().said, the_one().tries) == ("it names nothing of ours", 1)


def test_an_identity_that_is_not_there_never_was_ours(tell, gateway):
    tell(identity="somebody's")
    assert work.work().counts == {"unknown": 1}


def test_what_became_known_later_is_worked_after_all(tell, gateway, open_payment, monkeypatch):
    monkeypatch.setattr(settings.ENV, "callback_unknown_seconds", 0)
    tell(provider_ref="ref-2")
    tell(event_id="e-2", provider_ref="ref-3")
    assert work.work().counts == {"unknown": 2}
    assert again.drive_again() == 0
    attempt = Attempt.objects.get()
    evidence.store(
        [Said(attempt.pk, open_payment, 1, "lookup", Finding(Outcome.PENDING, provider_ref="ref-2"))]
    )
    steps.apply_all()
    rest(open_payment)
    assert again.drive_again() == 1
    assert work.work().counts == {"done": 1}
    assert is_due(open_payment)


def test_an_event_about_nothing_of_a_payment_is_kept_and_done(tell, gateway):
    tell(kind="balance.available")
    assert work.work().counts == {"done": 1}


def test_what_had_succeeded_is_looked_at_only_for_what_comes_later(tell, gateway, open_payment):
    gateway.looks[open_payment] = [
        paid(gross_minor=1000, currency="USDC", fee_minor=50, provider_ref="ref-1")
    ]
    Payment.objects.update(next_action_at=clock.machine_now())
    steps.look()
    tell(identity=identity(open_payment), provider_ref="ref-1")
    assert work.work().counts == {"done": 1}
    assert Attempt.objects.get().look_at is None
    Attempt.objects.update(resolved_at=clock.machine_now() - timedelta(minutes=5))
    tell(event_id="e-2", kind="refunded", identity=identity(open_payment))
    work.work()
    assert Attempt.objects.get().look_at is not None


def test_what_is_told_to_be_taken_back_is_never_too_soon(tell, gateway, open_payment):
    """We may hear of a success long after it, and of its end moments later."""
    gateway.looks[open_payment] = [
        paid(gross_minor=1000, currency="USDC", fee_minor=50, provider_ref="ref-1")
    ]
    Payment.objects.update(next_action_at=clock.machine_now())
    steps.look()
    tell(identity=identity(open_payment), provider_ref="ref-1", says="reversed")
    work.work()
    one = Attempt.objects.get()
    assert (one.told_end, one.look_at is None) == ("reversed", False)


@pytest.mark.parametrize(
    ("told", "end", "ref"),
    [
        ({"says": "reversed"}, "reversed", ""),
        ({"says": "succeeded", "provider_ref": "ref-1"}, "", ""),
        ({"says": "succeeded", "provider_ref": "ref-2"}, "succeeded", "ref-2"),
        ({"says": "reversed", "signature": "0"}, "", ""),
    ],
)
def test_an_end_that_its_attempt_has_not_had_is_looked_for(
    tell, gateway, open_payment, monkeypatch, told, end, ref
):
    """Of another payment under its identity too; of what is not believed nothing but the look is due."""
    whole = paid(gross_minor=1000, currency="USDC", fee_minor=50, provider_ref="ref-1")
    gateway.looks[open_payment] = [whole]
    Payment.objects.update(next_action_at=clock.machine_now())
    steps.look()
    Attempt.objects.update(resolved_at=clock.machine_now() - timedelta(minutes=5))
    monkeypatch.setattr(gateway, "wrong", lambda body: _with_hints(gateway.hints(body)))
    tell(identity=identity(open_payment), **told)
    work.work()
    one = Attempt.objects.get()
    assert (one.told_end, one.told_ref, one.look_at is None) == (end, ref, False)


def test_what_had_been_given_up_is_looked_up_once_more(tell, gateway, open_payment):
    gateway.looks[open_payment] = [declined()]
    Payment.objects.update(next_action_at=clock.machine_now())
    steps.look()
    assert Payment.objects.get().state == "failed"
    gateway.looks[open_payment] = [paid(gross_minor=1000, currency="USDC", fee_minor=50)]
    tell(identity=identity(open_payment))
    work.work()
    verify.verify(LANE)
    apply.drain()
    assert Payment.objects.get().state == "succeeded_late"


def test_a_parked_payment_is_looked_up_too(tell, gateway, open_payment):
    operate.park_payment(open_payment, reason="a drill", by=BOSS)
    tell(identity=identity(open_payment))
    assert work.work().counts == {"done": 1}
    assert Attempt.objects.get().look_at is not None
    assert Payment.objects.get().parked_at is not None


def test_a_worker_that_comes_back_late_writes_nothing(tell, gateway, open_payment):
    tell(identity=identity(open_payment))
    (late,) = work.take(most=10)
    assert work.take(most=10) == []
    come_round()
    (other,) = work.take(most=10)
    work._settle([], [route.ends(late, "unknown", "too late")], work.Worked())
    assert (the_one().state, the_one().said) == ("waiting", "")
    work._settle([], [route.ends(other, "done", "in time")], work.Worked())
    assert (the_one().state, the_one().said) == ("done", "in time")


def test_one_that_fails_stops_no_other_and_is_parked_in_the_end(tell, gateway, open_payment, monkeypatch):
    find = route.find

    def odd(taken):
        if any(one.provider_ref == "odd" for one in taken):
            raise ValueError("an odd row")
        return find(taken)

    monkeypatch.setattr(route, "find", odd)
    tell(identity=identity(open_payment))
    tell(event_id="e-2", provider_ref="odd")
    assert work.work().counts == {"done": 1, "waiting": 1}
    assert is_due(open_payment)
    for _ in range(work.MOST_TRIES):
        come_round()
        work.work()
    one = Callback.objects.get(event_id="e-2")
    assert one.state == "parked" and "ValueError: an odd row" in one.said


def test_one_that_takes_its_worker_down_is_parked(tell, gateway, open_payment):
    tell(identity=identity(open_payment))
    for _ in range(work.MOST_TAKES):
        work.take(most=1)
        come_round()
    assert work.work().counts == {"parked": 1}
    assert not is_due(open_payment)


@pytest.mark.parametrize("kind", ["setup", "dispute"])
def test_what_nobody_takes_yet_waits_with_its_reason(tell, gateway, monkeypatch, kind):
    monkeypatch.setitem(takers.TAKERS, kind, None)
    tell(**{f"{kind}_ref": "thing-1"})
    assert work.work().counts == {"waiting": 1}
    assert the_one().said == f"nobody takes a {kind} yet: it waits until somebody does"
    heard = []
    monkeypatch.setitem(takers.TAKERS, kind, lambda *about: heard.append(about) or "it was looked at")
    come_round()
    assert work.work().counts == {"done": 1}
    assert heard == [("scripted", "thing-1")]
    assert the_one().said == "it was looked at"


def test_what_a_dispute_was_told_by_stands_with_the_payment_that_it_is_about(
    tell, gateway, open_payment, monkeypatch
):
    Case.objects.filter(pk=keep().case_id).update(payment_id=open_payment)
    monkeypatch.setitem(takers.TAKERS, "dispute", lambda *_: "it was looked at")
    tell(dispute_ref="dp_1")
    work.work()
    assert the_one().payment_id == open_payment


@pytest.mark.parametrize(("raised", "state", "said"), [
    (Refusal("setup_unknown", "there is no such set-up"), "waiting", "there is no such set-up"),
    (ProviderUnavailable("timeout", "no answer in time", 700), "waiting", "can't be asked now: no answer in time"),
    (ValueError("odd"), "waiting", "ValueError: odd"),
])  # fmt: skip
def test_what_a_taker_refuses_waits(tell, gateway, open_payment, monkeypatch, raised, state, said):
    def taker(provider: str, reference: str) -> str:
        raise raised

    monkeypatch.setitem(takers.TAKERS, "setup", taker)
    tell(setup_ref="s-1")
    tell(event_id="e-2", identity=identity(open_payment))
    assert work.work().counts == {"done": 1, state: 1}
    assert said in Callback.objects.get(event_id="e-1").said


def test_what_is_not_believed_and_hints_at_ours_is_looked_up_within_bounds(
    tell, gateway, open_payment, monkeypatch
):
    """iPaymu's own samples disagree about its signature, and what it signs with is public."""
    monkeypatch.setattr(settings.ENV, "callback_refused_per_minute", 2)
    monkeypatch.setattr(gateway, "wrong", lambda body: _with_hints(gateway.hints(body)))
    assert tell(identity=identity(open_payment), signature="0").status_code == 400
    assert tell(event_id="e-2", identity="somebody's", signature="0").status_code == 400
    assert tell(event_id="e-3", identity=identity(open_payment), signature="0").status_code == 400
    assert work.work().counts == {"refused": 2}
    assert is_due(open_payment)
    assert set(Callback.objects.values_list("state", flat=True)) == {"refused"}


def _with_hints(hints) -> Refusal:
    return SignatureWrong("the signature is wrong", hints=hints)


def test_what_is_not_believed_asks_no_taker(tell, gateway, monkeypatch):
    monkeypatch.setattr(gateway, "wrong", lambda body: _with_hints(gateway.hints(body)))
    monkeypatch.setitem(takers.TAKERS, "setup", lambda *_: pytest.fail("a stranger was believed"))
    tell(setup_ref="s-1", signature="0")
    assert work.work().counts == {"refused": 1}


def test_a_hint_is_not_lost_between_the_look_and_its_callback(tell, gateway, open_payment, monkeypatch):
    """Both are one commit: if the one is not written, the other is not."""
    tell(identity=identity(open_payment))
    real = hinted.make_due

    def dies(told: list[hinted.Told]) -> int:
        real(told)
        if told:
            raise RuntimeError("killed")
        return 0

    monkeypatch.setattr(hinted, "make_due", dies)
    assert work.work().counts == {"waiting": 1}
    assert not is_due(open_payment)
    monkeypatch.setattr(hinted, "make_due", real)
    come_round()
    assert work.work().counts == {"done": 1}
    assert is_due(open_payment)


def test_an_empty_inbox_wakes_nobody(gateway):
    assert not work.waiting()
    assert work.work().counts == {}
