"""What becomes of set-ups without anybody asking: looked at with growing gaps, hinted at, too late, forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from engine.core import clock
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.outbox.models import Event
from engine.providers import registry
from engine.providers.abilities import Payer, SetupFound
from payments import charge, methods, switches
from payments.charge import Charge
from payments.methods import setup
from payments.models import Payment, PaymentMethod
from tests.payments.gateway import Gateway


@pytest.fixture
def gateway(db: None, spans: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setattr(settings, "PROVIDERS", {"gateway": "tests.payments.gateway.Gateway"})
    monkeypatch.setattr(
        settings.ENV, "verify_first_seconds", 60
    )  # nothing is due by itself while a test runs
    registry.get.cache_clear()
    switches.seed()
    provider = registry.get("gateway")
    assert isinstance(provider, Gateway)
    yield provider
    registry.get.cache_clear()


def begin(customer_id: object = None) -> PaymentMethod:
    payer = Payer(uuid7() if customer_id is None else customer_id, "Ada", "ada@example.com")  # type: ignore[arg-type]
    begun = methods.begin(payer=payer, currency="USD", provider="gateway")
    return methods.keep_setup(begun, customer_id=payer.customer_id, currency="USD", provider="gateway")


def active(gateway: Gateway, token: str, customer_id: object = None) -> PaymentMethod:
    made = begin(customer_id)
    gateway.finish(made.pk.hex, token)
    return methods.take_setup(made.pk, methods.look_at_setup(made.pk))


def due(*, of: PaymentMethod | None = None) -> None:
    """Let time pass until the next look."""
    rows = PaymentMethod.objects.exclude(next_action_at=None)
    rows = rows if of is None else rows.filter(pk=of.pk)
    rows.update(next_action_at=clock.machine_now())


def now(method: PaymentMethod) -> PaymentMethod:
    return PaymentMethod.objects.get(pk=method.pk)


def told(method: PaymentMethod) -> list[str]:
    found = Event.objects.filter(object_id=method.pk).order_by("seq")
    return [each.removeprefix("payment_method.") for each in found.values_list("type", flat=True)]


def test_a_set_up_is_looked_at_further_apart_each_time_and_used_once_it_is_done(gateway: Gateway) -> None:
    made, gaps = begin(), []
    assert not methods.waiting()
    for _ in range(4):
        due()
        assert methods.waiting() and methods.work(seconds=5)["looked_at"] == 1
        row = now(made)
        assert row.next_action_at and row.checked_at
        gaps.append(row.next_action_at - row.checked_at)
    assert gaps == sorted(gaps) and gaps[0] < gaps[-1]
    gateway.finish(made.pk.hex)
    due()
    methods.work(seconds=5)
    row = now(made)
    assert (row.state, row.next_action_at, row.setup_url, told(made)) == ("active", None, "", ["activated"])
    assert not methods.waiting()


def test_a_callback_has_it_looked_at_at_once_and_calls_nobody(gateway: Gateway) -> None:
    made = begin()
    gateway.called.clear()
    assert methods.setup_may_be_done(made.pk.hex)
    assert gateway.called == [] and methods.waiting()
    gateway.finish(made.pk.hex)
    methods.work(seconds=5)
    assert now(made).state == "active"
    assert not methods.setup_may_be_done(made.pk.hex)
    for reference in (uuid7().hex, "", "x", "order-17"):
        with pytest.raises(Refusal, match="no set-up"):
            methods.setup_may_be_done(reference)


def test_a_hint_that_comes_while_it_is_looked_at_is_not_lost(gateway: Gateway, monkeypatch) -> None:
    made = begin()
    due()
    look = gateway.find_setup

    def meanwhile(details: dict[str, str]) -> SetupFound:
        found = look(
            details
        )  # not done yet; the payer finishes now, and the callback is here before the answer
        if methods.setup_may_be_done(made.pk.hex):
            monkeypatch.setattr(gateway, "find_setup", look)
            gateway.finish(made.pk.hex)
        return found

    monkeypatch.setattr(gateway, "find_setup", meanwhile)
    assert methods.work(seconds=5)["looked_at"] == 2
    assert now(made).state == "active"


def test_what_nobody_finishes_expires_and_is_used_all_the_same_by_who_finishes_late(gateway: Gateway) -> None:
    made = begin()
    PaymentMethod.objects.update(setup_until=clock.machine_now())
    due()
    methods.work(seconds=5)
    row = now(made)
    assert (row.state, row.setup_url, told(made)) == ("expired", "", ["expired"])
    assert row.next_action_at is not None, "a page may be paid late, and the callback be lost"
    gateway.finish(made.pk.hex)
    assert methods.setup_may_be_done(made.pk.hex)
    methods.work(seconds=5)
    assert (now(made).state, told(made)) == ("active", ["expired", "activated"])


def test_a_removed_method_is_forgotten_by_its_gateway_until_that_answers(gateway: Gateway) -> None:
    made = active(gateway, "tok_1")
    methods.remove(made.pk, reason="asked")
    gateway.silent = True
    assert methods.work(seconds=5) == {"looked_at": 0, "forgotten": 0, "unanswered": 1}
    assert now(made).next_action_at is not None and gateway.forgotten == []
    gateway.silent = False
    due()
    assert methods.work(seconds=5)["forgotten"] == 1
    assert gateway.forgotten == ["tok_1"]
    assert (now(made).state, now(made).next_action_at) == ("removed", None)


def test_what_is_in_flight_from_it_ends_before_its_gateway_forgets_it(gateway: Gateway) -> None:
    made = active(gateway, "tok_1")
    at = clock.machine_now()
    details = now(made).details
    queue = charge.queue_of("gateway", details, made.pk)
    values = Charge("test", uuid7(), 1, "gateway", 0, made.pk, queue, at, at, "USD", 100, 0, details, uuid7(),
                    uuid7(), None)  # fmt: skip
    (payment_id,) = charge.schedule([values], machine_at=at)
    Payment.objects.filter(pk=payment_id).update(state="in_flight")
    methods.remove(made.pk)
    methods.work(seconds=5)
    assert gateway.forgotten == []
    Payment.objects.filter(pk=payment_id).update(state="failed", ended_at=at)
    due()
    methods.work(seconds=5)
    assert gateway.forgotten == ["tok_1"]


def test_a_token_that_another_method_stands_for_goes_on_working(gateway: Gateway) -> None:
    customer = uuid7()
    one, other = active(gateway, "tok_1", customer), active(gateway, "tok_1", customer)
    methods.remove(one.pk)
    methods.work(seconds=5)
    assert (gateway.forgotten, now(one).next_action_at) == ([], None)
    methods.remove(other.pk)
    methods.work(seconds=5)
    assert gateway.forgotten == ["tok_1"]


def test_a_card_that_is_given_after_the_removal_is_forgotten_too(gateway: Gateway) -> None:
    made = begin()
    methods.remove(made.pk)
    methods.work(seconds=5)
    assert now(made).next_action_at is not None and gateway.forgotten == []
    gateway.finish(made.pk.hex, "tok_9")
    assert methods.setup_may_be_done(made.pk.hex)
    methods.work(seconds=5)
    assert gateway.forgotten == ["tok_9"] and now(made).state == "removed"
    assert told(made) == ["removed"]


def test_one_method_that_can_t_be_asked_for_keeps_no_other_waiting(gateway: Gateway, monkeypatch) -> None:
    made = [begin() for _ in range(3)]
    gateway.finish(made[2].pk.hex)
    look = gateway.find_setup

    def odd(details: dict[str, str]) -> SetupFound:
        if details["setup"] == made[0].pk.hex:
            raise ValueError("an answer that nobody expected")
        return look(details)

    monkeypatch.setattr(gateway, "find_setup", odd)
    due()
    assert methods.work(seconds=5) == {"looked_at": 2, "forgotten": 0, "unanswered": 1}
    assert [now(each).state for each in made] == ["pending", "pending", "active"]
    assert all(now(each).next_action_at for each in made[:2])


def test_a_silent_gateway_is_asked_once_in_a_batch(gateway: Gateway) -> None:
    for _ in range(4):
        begin()
    due()
    gateway.called.clear()
    gateway.silent = True
    assert methods.work(seconds=5)["unanswered"] == 4
    assert len(gateway.called) == 1


def test_a_label_never_holds_more_of_a_number_than_its_last_four(gateway: Gateway) -> None:
    made = begin()
    gateway.finish(made.pk.hex, brand="visa 4242424242424242", last4="4242424242424242", number="4242424242424242",
                   exp_year="2030", exp_month="May", bank="B" * 100)  # fmt: skip
    methods.take_setup(made.pk, methods.look_at_setup(made.pk))
    row = now(made)
    assert row.label == {
        "brand": "visa ************4242",
        "last4": "4242",
        "exp_year": 2030,
        "bank": "B" * 40,
    }
    assert str(row) == "gateway USD visa ************4242 •••• 4242"


def test_the_database_holds_one_default_which_is_active(gateway: Gateway) -> None:
    customer = uuid7()
    one, other, pending = active(gateway, "a", customer), active(gateway, "b", customer), begin(customer)
    methods.make_default(one.pk)
    methods.make_default(other.pk)
    assert methods.default_of(customer, currency="USD") == other.pk
    assert methods.default_of(customer, currency="NGN") is None
    with pytest.raises(Refusal) as refused:
        methods.make_default(pending.pk)
    assert refused.value.code == "payment_method_not_active"
    for wrong in (one, pending):
        with pytest.raises(IntegrityError), transaction.atomic():
            PaymentMethod.objects.filter(pk=wrong.pk).update(is_default=True)


def test_a_payer_is_waited_for_a_day_where_the_gateway_sets_no_end(gateway: Gateway) -> None:
    gateway.kind = "hosted_fields"
    made = begin()
    assert made.setup_until is not None
    assert setup.PATIENCE - timedelta(minutes=1) < made.setup_until - made.created_at <= setup.PATIENCE
