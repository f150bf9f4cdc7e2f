"""What every gateway's callbacks are held to: signed over the raw bytes, named, and never more than a hint."""

from __future__ import annotations

import threading

import pytest
from django.conf import settings

from engine.core import clock
from engine.core.errors import Refusal
from engine.providers import registry
from engine.providers.abilities import Hint
from payments.callbacks.models import Callback
from payments.models import Attempt, Evidence
from tests.conformance.driven import Driven
from tests.conformance.outsides import GATEWAYS
from tests.gateways.receiver import Receiver, Taken

pytestmark = pytest.mark.parametrize("driven", GATEWAYS, indirect=True)


def test_a_genuine_one_names_the_attempt_that_it_is_about(driven: Driven, hooks: Receiver) -> None:
    paid = driven.charge()
    driven.settle(paid)
    named = [
        hint
        for taken in hooks.wait(1)
        for hint in _hints(driven, taken)
        if _is_about(hint, driven.attempts(paid)[0])
    ]
    assert named and all(hint.event_id and hint.kind for hint in named)


def test_all_of_them_twice_and_the_last_one_first_change_nothing(driven: Driven, hooks: Receiver) -> None:
    """Through the door, once all is over: each is kept once, and leads to no second booking."""
    paid = driven.paid()
    driven.outside.gateways.quiet()
    came = hooks.wait(1)[::-1]
    assert {driven.told(each.body, each.headers) for each in (*came, *came)} == {200}
    ids = {hint.event_id for each in came for hint in _hints(driven, each)}
    driven.hear()
    kept = Callback.objects.filter(provider=driven.name, event_id__in=ids)
    assert list(kept.values_list("deliveries", "state")) == [(2, "done")] * len(ids)
    driven.judge(paid)
    assert driven.payment(paid).settled_minor == driven.outside.price_minor


def test_one_that_overtakes_the_answer_waits_for_it(
    driven: Driven, hooks: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes to the door while the call that caused it still waits: what that call says is booked, and once."""
    if not driven.outside.tells_at_once:
        pytest.skip("its payers pay after the answer")
    monkeypatch.setattr(settings.ENV, "send_deadline_seconds", 10.0)
    registry.get.cache_clear()
    early = driven.charge()
    driven.outside.gateways.quiet()
    worked, before = threading.Event(), len(hooks.taken)
    hooks.on_take = lambda: worked.wait(20)
    driven.outside.gateways.fault("hook_before_answer", provider=driven.outside.rail.speakers[0])
    with driven.sending():
        try:
            for taken in hooks.wait(before + 1)[before:]:
                assert driven.told(taken.body, taken.headers) == 200
            driven.hear()
            assert driven.payment(early).state == "in_flight"
            assert Callback.objects.filter(payment_id=early, state="waiting").exists()
        finally:
            worked.set()
    driven.apply()
    assert driven.payment(early).state == "succeeded"
    Callback.objects.filter(payment_id=early).update(next_action_at=clock.machine_now())
    driven.hear()
    assert set(Callback.objects.filter(payment_id=early).values_list("state", flat=True)) == {"done"}
    driven.judge(early)


@pytest.mark.parametrize("kind", ["hook_wrong_signature", "hook_reserialised"])
def test_a_forged_one_says_nothing(driven: Driven, hooks: Receiver, kind: str) -> None:
    driven.outside.gateways.fault(kind, provider=driven.outside.rail.speakers[0])
    forged = driven.charge()
    driven.settle(forged)
    if kind == "hook_reserialised" and not driven.outside.body_is_signed:
        pytest.skip("its signature does not cover the bytes, so other bytes of the same meaning are as good")
    for taken in hooks.wait(1):
        with pytest.raises(Refusal) as refused:
            _hints(driven, taken)
        assert refused.value.code in ("signature_wrong", "callback_unreadable")
    driven.judge(forged)


def test_an_old_one_is_refused_where_time_is_signed(driven: Driven, hooks: Receiver) -> None:
    driven.outside.gateways.fault(
        "hook_old_timestamp", provider=driven.outside.rail.speakers[0], seconds=3600
    )
    old = driven.charge()
    driven.settle(old)
    taken = hooks.wait(1)[0]
    if not driven.outside.time_is_signed:
        assert _hints(driven, taken)
        return
    with pytest.raises(Refusal) as refused:
        _hints(driven, taken)
    assert refused.value.code == "callback_too_old"


def test_one_of_the_other_mode_says_so(driven: Driven, hooks: Receiver) -> None:
    """Real money's callback at a test deployment: it is kept, and nothing follows from it."""
    test = driven.charge()
    driven.outside.gateways.fault("hook_other_mode", provider=driven.outside.rail.speakers[0])
    driven.settle(test)
    modes = {hint.live for taken in hooks.wait(2) for hint in _hints(driven, taken)}
    assert modes == ({False, True} if driven.outside.names_its_mode else {None})


def test_one_about_nobody_names_nothing_of_ours(driven: Driven, hooks: Receiver) -> None:
    mine = driven.charge()
    driven.outside.gateways.fault("hook_unknown_object", provider=driven.outside.rail.speakers[0])
    driven.settle(mine)
    attempt = driven.attempts(mine)[0]
    hints = [hint for taken in hooks.wait(2) for hint in _hints(driven, taken)]
    assert any(not _is_about(hint, attempt) for hint in hints)


def _hints(driven: Driven, taken: Taken) -> list[Hint]:
    found: list[Hint] = driven.provider.parse_webhook(taken.body, taken.headers)  # type: ignore[attr-defined]
    return found


def _is_about(hint: Hint, attempt: Attempt) -> bool:
    refs = set(Evidence.objects.filter(attempt=attempt).values_list("provider_ref", flat=True))
    moved = set(Evidence.objects.filter(attempt=attempt).values_list("movement_id", flat=True))
    return hint.identity == attempt.identity or (
        bool(hint.provider_ref) and hint.provider_ref in refs | moved
    )
