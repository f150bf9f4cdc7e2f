"""What a payer is to do before money moves stands on the payment, and is told once."""

from __future__ import annotations

from engine.outbox.models import Event
from tests.ops.world import say
from tests.payments.gateway import ACTION, LINK
from tests.payments.scripted import paid
from tests.payments_api.conftest import pay

WHOLE = {"gross_minor": 1000, "currency": "USDC", "fee_minor": 25}


def test_the_link_stands_on_the_payment_as_long_as_it_waits_for_its_payer(caller, payments):
    one = payments["pending"]
    assert caller.get(pay(one)).json()["action"] is None
    say(one, LINK)
    shown = caller.get(pay(one)).json()
    assert (shown["state"], shown["waiting"], shown["action"]) == ("in_flight", "payer", ACTION)
    assert shown["sentence"].startswith("Waiting for the payer at scripted since ")
    for asked, told in (("", None), ("&expand=action", ACTION)):
        listed = caller.get(f"/api/payments?state=in_flight{asked}").json()["data"]
        assert {each["id"]: each["action"] for each in listed}[shown["id"]] == told
        assert [each["action"] for each in listed if each["id"] != shown["id"]] == [None] * (len(listed) - 1)
    say(one, paid(**WHOLE))
    assert (caller.get(pay(one)).json()["waiting"], caller.get(pay(one)).json()["action"]) == ("", None)


def test_a_fresher_link_is_the_one_that_is_shown_and_the_event_is_told_once(caller, payments):
    one = payments["pending"]
    say(one, LINK)
    fresh = {**ACTION, "url": "https://pay.example/2"}
    say(one, type(LINK)(LINK.outcome, LINK.failure_class, LINK.code, detail={"action": fresh}))
    assert caller.get(pay(one)).json()["action"] == fresh
    (event,) = Event.objects.filter(type="payment.action_needed")
    assert (event.object_id, event.payload["action"]) == (one, ACTION)


def test_an_action_that_is_none_breaks_nothing(caller, payments):
    one = payments["pending"]
    for odd in ("soon", {"url": "https://pay.example/3"}, None, ["x"]):
        say(one, type(LINK)(LINK.outcome, LINK.failure_class, LINK.code, detail={"action": odd}))
        shown = caller.get(pay(one)).json()
        assert shown["parked_at"] is None
        assert shown["action"] is None or shown["action"]["expires_at"] is None
