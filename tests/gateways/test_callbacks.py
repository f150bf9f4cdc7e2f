"""Callbacks: genuine ones pass the check of Stripe's own library, and each fault of them is as it says."""

import json
import time
from typing import Any

import pytest
import stripe

from sandbox.gateways.control import Gateways
from tests.gateways.conftest import SECRET
from tests.gateways.receiver import Receiver, Taken

PAID = {"amount": 2000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True,
        "metadata": {"reference": "pay-1"}}  # fmt: skip
TYPE = "payment_intent.succeeded"
DAY = 86_400


def event_of(taken: Taken, secret: str = SECRET) -> Any:
    """Through the library's check; it reads the machine's clock."""
    return stripe.Webhook.construct_event(taken.body, taken.headers["stripe-signature"], secret)


def of_type(receiver: Receiver, kind: str = TYPE) -> list[Taken]:
    return [each for each in receiver.taken if json.loads(each.body)["type"] == kind]


def pay(client: stripe.StripeClient) -> Any:
    return client.v1.payment_intents.create(PAID)


def test_callbacks_pass_the_librarys_check(client: stripe.StripeClient, receiver: Receiver) -> None:
    paid = pay(client)
    events = [event_of(each) for each in receiver.wait(3)]
    assert sorted(event.type for event in events) == ["charge.succeeded", "payment_intent.created", TYPE]
    (one,) = of_type(receiver)
    assert event_of(one).data.object.id == paid.id and not event_of(one).livemode
    with pytest.raises(stripe.SignatureVerificationError):
        event_of(one, "whsec_other")


def test_two_secrets_sign_while_they_are_changed(
    world: Gateways, client: stripe.StripeClient, receiver: Receiver
) -> None:
    world.configure("stripe", webhook_secrets=["whsec_new", SECRET])
    pay(client)
    for each in receiver.wait(3):
        assert event_of(each, "whsec_new").id == event_of(each, SECRET).id


def test_a_refused_callback_comes_again_signed_anew(
    world: Gateways, client: stripe.StripeClient, receiver: Receiver
) -> None:
    receiver.statuses = [500, 500, 500]
    pay(client)
    receiver.wait(3)
    world.quiet()
    assert {each["state"] for each in world.webhooks()} == {"waiting"}
    world.advance(61)
    receiver.wait(6)
    world.quiet()
    rows = world.webhooks()
    assert {each["state"] for each in rows} == {"delivered"}
    assert [[try_["status"] for try_ in each["answers"]] for each in rows] == [[500, 200]] * 3
    first, second = of_type(receiver)
    assert first.body == second.body and event_of(second).id == event_of(first).id


def test_nobody_listens_for_three_days_and_events_fill_the_gap(
    world: Gateways, client: stripe.StripeClient, receiver: Receiver
) -> None:
    receiver.statuses = [503] * 100
    pay(client)
    for _ in range(60):
        world.quiet()
        world.advance(DAY / 6)
    world.quiet()
    assert {each["state"] for each in world.webhooks()} == {"failed"}
    missed = client.v1.events.list({"types": [TYPE], "delivery_success": False}).data
    assert [each.type for each in missed] == [TYPE]


def test_held_callbacks_go_in_the_order_that_is_asked_for(
    world: Gateways, client: stripe.StripeClient, receiver: Receiver
) -> None:
    world.hold("stripe")
    pay(client)
    ids = [each["id"] for each in world.webhooks(state="held")]
    assert len(ids) == 3 and receiver.taken == []
    world.release("stripe", list(reversed(ids)))
    receiver.wait(3)
    assert [event_of(each).type for each in receiver.taken] == [
        TYPE,
        "charge.succeeded",
        "payment_intent.created",
    ]
    world.resend(ids[0])
    assert event_of(receiver.wait(4)[3]).type == "payment_intent.created"


def test_drop(world: Gateways, client: stripe.StripeClient, receiver: Receiver) -> None:
    world.fault("hook_drop", route=TYPE)
    pay(client)
    receiver.wait(2)
    world.quiet()
    world.advance(DAY)
    assert of_type(receiver) == []


@pytest.mark.parametrize("fresh", [False, True])
def test_duplicate(world: Gateways, client: stripe.StripeClient, receiver: Receiver, fresh: bool) -> None:
    world.fault("hook_duplicate", route=TYPE, times=2, fresh=fresh)
    pay(client)
    receiver.wait(5)
    assert len({event_of(each).id for each in of_type(receiver)}) == (3 if fresh else 1)


def test_delay(world: Gateways, client: stripe.StripeClient, receiver: Receiver) -> None:
    world.fault("hook_delay", route=TYPE, seconds=7200)
    pay(client)
    receiver.wait(2)
    world.quiet()
    assert of_type(receiver) == []
    world.advance(7201)
    receiver.wait(3)
    assert len(of_type(receiver)) == 1


def test_reorder(world: Gateways, client: stripe.StripeClient, receiver: Receiver) -> None:
    world.fault("hook_reorder", route="payment_intent.created")
    pay(client)
    receiver.wait(3)
    order = [json.loads(each.body)["type"] for each in receiver.taken]
    assert order.index("payment_intent.created") > 0


def test_before_the_answer(world: Gateways, client: stripe.StripeClient, receiver: Receiver) -> None:
    world.fault("hook_before_answer")
    answered: list[str] = []
    seen: list[list[str]] = []

    def take() -> None:
        time.sleep(0.2)  # without the fault the answer would have come by now
        seen.append(list(answered))

    receiver.on_take = take
    answered.append(pay(client).id)
    receiver.wait(3)
    assert seen == [[]] * 3


def test_wrong_signature(world: Gateways, client: stripe.StripeClient, receiver: Receiver) -> None:
    world.fault("hook_wrong_signature", route=TYPE)
    pay(client)
    receiver.wait(3)
    with pytest.raises(stripe.SignatureVerificationError, match="No signatures found"):
        event_of(of_type(receiver)[0])


def test_old_timestamp(world: Gateways, client: stripe.StripeClient, receiver: Receiver) -> None:
    world.fault("hook_old_timestamp", route=TYPE, seconds=600)
    pay(client)
    receiver.wait(3)
    (one,) = of_type(receiver)
    with pytest.raises(stripe.SignatureVerificationError, match="Timestamp outside"):
        event_of(one)
    stripe.WebhookSignature.verify_header(
        one.body.decode(), one.headers["stripe-signature"], SECRET, tolerance=700
    )


def test_replay_after_two_days(world: Gateways, client: stripe.StripeClient, receiver: Receiver) -> None:
    world.fault("hook_replay", route=TYPE)
    pay(client)
    receiver.wait(3)
    world.quiet()
    world.advance(2 * DAY + 1)
    receiver.wait(5)  # the charge's money has become available meanwhile, which is told too
    first, again = of_type(receiver)
    assert first == again, "the very same bytes and headers"


def test_reserialised(world: Gateways, client: stripe.StripeClient, receiver: Receiver) -> None:
    world.fault("hook_reserialised", route=TYPE)
    pay(client)
    receiver.wait(3)
    (one,) = of_type(receiver)
    assert json.loads(one.body)["type"] == TYPE
    with pytest.raises(stripe.SignatureVerificationError):
        event_of(one)


def test_storm(world: Gateways, client: stripe.StripeClient, receiver: Receiver) -> None:
    world.fault("hook_storm", route=TYPE, times=300)
    pay(client)
    receiver.wait(303)
    assert len({each.body for each in of_type(receiver)}) == 1


def test_an_unknown_object(world: Gateways, client: stripe.StripeClient, receiver: Receiver) -> None:
    world.fault("hook_unknown_object", route=TYPE)
    paid = pay(client)
    receiver.wait(4)
    ids = {event_of(each).data.object.id for each in of_type(receiver)}
    assert paid.id in ids and len(ids) == 2


def test_the_other_mode(world: Gateways, client: stripe.StripeClient, receiver: Receiver) -> None:
    world.fault("hook_other_mode", route=TYPE)
    pay(client)
    receiver.wait(4)
    assert sorted(event_of(each).livemode for each in of_type(receiver)) == [False, True]


def test_an_outage_holds_callbacks_back_until_its_end(
    world: Gateways, client: stripe.StripeClient, receiver: Receiver
) -> None:
    world.hold("stripe")
    pay(client)
    world.outage(7200, "stripe")
    world.release("stripe")
    world.quiet()
    assert receiver.taken == []
    world.advance(7201)
    receiver.wait(3)
