"""The adapter under the real pipeline: what waits, what is looked up, what is booked where it does not agree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
import requests
from django.conf import settings as django_settings

from engine.core import clock
from engine.core.ids import uuid7
from engine.ledger import balances
from engine.ledger.models import Account, Transfer
from engine.providers import registry
from engine.providers.abilities import Payer
from engine.providers.edge import tokens
from engine.providers.flutterwave.provider import Flutterwave
from ops import books
from payments import charge, methods, switches
from payments.charge import Charge
from payments.models import Attempt, Evidence, Payment
from payments.pipeline import apply, driver, outbound, verify
from payments.pipeline.lanes import Lane
from tests.flutterwave.conftest import Change
from tests.flutterwave.desk import AVAILABLE, EMAIL, POOR, Desk
from tests.flutterwave.test_faults import breaks

LANE = Lane("charge", "flutterwave")
NAME = "engine.providers.flutterwave.provider.Flutterwave"
Schedule = Callable[..., UUID]


@pytest.fixture
def committed(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One transaction around all: only this thread uses the database."""
    for module in (tokens, outbound):
        monkeypatch.setattr(
            module, "sql", SimpleNamespace(outside_transaction=lambda: True, give_back=lambda: None)
        )
    yield
    tokens.forget()


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, spans: None, as_version: Callable[[str], Desk], change: Change,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:  # fmt: skip
    """With its provider as the only one; a send has four tenths of a second in all."""
    found = as_version(getattr(request, "param", "v4"))
    change(send_deadline_seconds=0.1, send_window_seconds=0.2)
    monkeypatch.setattr(django_settings, "PROVIDERS", {"flutterwave": NAME})
    monkeypatch.setitem(django_settings.SOURCES, "test", "tests.flutterwave.test_pipeline.told")
    registry.get.cache_clear()
    switches.seed()
    provider = registry.get("flutterwave")
    assert isinstance(provider, Flutterwave)
    found.provider = provider
    return found


def told(changes: list[object]) -> None:
    """The source has nothing to say."""


@pytest.fixture
def schedule(desk: Desk) -> Schedule:
    def make(card: str = "", amount: int = 30_050) -> UUID:
        now = clock.machine_now()
        kept = desk.method(card) if card else desk.method()
        one = Charge(
            source_kind="test", source_id=uuid7(), no=1, provider="flutterwave", clock_id=0, method_id=None,
            queue_key=uuid7(), due_at=now, grace_until=now + timedelta(hours=1), currency="NGN", amount_minor=amount,
            fee_minor=0, instructions=kept, customer_id=uuid7(), creator_id=uuid7(), correlation_id=None,
        )  # fmt: skip
        return charge.schedule([one], machine_at=now)[0]

    return make


def drive(lane: Lane = LANE, *, until: Callable[[], bool]) -> None:
    """Send, apply and look up, as the workers do, until it is so."""
    end = time.monotonic() + 40
    while not until():
        assert time.monotonic() < end, list(
            Payment.objects.values("state", "waiting", "failure_code", "parked_reason")
        )
        driver.drive(lane)
        apply.drain()
        verify.verify(lane)
        apply.drain()
        time.sleep(0.05)


def is_in(payment_id: UUID, state: str) -> Callable[[], bool]:
    return lambda: Payment.objects.get(pk=payment_id).state == state


BOTH = pytest.mark.parametrize("desk", ["v4", "v3"], indirect=True)


def test_what_never_began_is_sent_again_under_its_key(desk: Desk, schedule: Schedule) -> None:
    one = schedule()
    breaks(desk, "500_before")
    drive(until=is_in(one, "succeeded"))
    attempt = Attempt.objects.get()
    assert attempt.send_no == 2 and len(desk.moved()) == 1


def test_without_a_token_it_waits_in_its_lane(desk: Desk, schedule: Schedule) -> None:
    one = schedule()
    desk.world.fault("500_before", provider="flutterwave-idp")
    driver.drive(LANE)
    payment = Payment.objects.get(pk=one)
    assert payment.state == "scheduled" and Attempt.objects.count() == 0
    assert "no access token for flutterwave could be had" in str(vars(payment))
    desk.world.clear_faults()
    Payment.objects.update(next_action_at=clock.machine_now())
    drive(until=is_in(one, "succeeded"))


def test_a_token_refused_in_mid_batch_fails_nobody(desk: Desk, schedule: Schedule) -> None:
    wanted = [schedule(amount=100 + number) for number in range(6)]
    desk.provider.context([desk.charge()])
    monkey = next(iter(tokens._memory.values()))
    tokens._memory[next(iter(tokens._memory))] = type(monkey)(
        monkey.text, monkey.digest, monkey.fetched_at - 100, monkey.stale_at, monkey.ends_at
    )
    desk.world.fault("token_expired", provider="flutterwave", nth=3, count=1)
    drive(until=lambda: Payment.objects.filter(state="succeeded").count() == len(wanted))
    assert len(desk.moved()) == 6
    assert len(desk.world.requests(provider="flutterwave-idp")) == 2


@BOTH
def test_an_amount_that_differs_goes_to_suspense_and_is_parked(desk: Desk, schedule: Schedule) -> None:
    one = schedule()
    breaks(desk, "wrong_amount", count=None, amount=1)
    drive(until=lambda: Payment.objects.get(pk=one).parked_at is not None)
    payment = Payment.objects.get(pk=one)
    assert payment.state == "in_flight" and "30150 NGN arrived where 30050 NGN" in payment.parked_reason
    (leg,) = Transfer.objects.filter(kind="payment.mismatch")
    assert leg.amount_minor == 30_150


@BOTH
def test_whatever_is_lost_on_the_way_our_books_are_theirs(desk: Desk, schedule: Schedule) -> None:
    """Thirty at once, and of every kind of loss some: each is collected once, and what they hold is what we say."""
    lost = (
        "reset_after_success",
        "500_after_success",
        "malformed_json",
        "truncated",
        "unknown_status",
        "wrong_amount",
    )
    begun = ("500_before", "429", "duplicate_key_conflict") if desk.version == "v4" else ("429",)
    for number, kind in enumerate((*lost, *begun)):
        desk.world.fault(kind, provider=desk.mount, route="POST .*charges", share=0.12, seed=number)
    desk.world.fault("lookup_404_for", provider=desk.mount, route="GET", share=0.2, seconds=600)
    wanted = [schedule(POOR if number % 10 == 9 else "", amount=1_000 + number) for number in range(30)]
    drive(until=lambda: not Payment.objects.filter(state__in=["scheduled", "in_flight"]).exists())
    assert sum(rule["fired"] for rule in desk.world.faults()) > 10
    assert Payment.objects.filter(state="succeeded").count() == len(desk.moved()) == 27
    assert len(wanted) == 30 and {row["object"] for row in desk.moved()} == set(
        Evidence.objects.filter(outcome="succeeded").values_list("movement_id", flat=True)
    )
    held = Account.objects.get(kind="clearing:flutterwave", currency="NGN")
    assert balances.balances([held.pk])[held.pk] == desk.world.balances()[AVAILABLE]["NGN"]


@pytest.mark.parametrize("desk", ["v3"], indirect=True)
@pytest.mark.parametrize("kind", ["", "reset_after_success"])
def test_what_was_paid_to_set_a_card_up_is_given_back_once(desk: Desk, kind: str) -> None:
    desk.world.give(AVAILABLE, "NGN", 10_000)
    payer = Payer(uuid7(), "Ada Obi", EMAIL)
    begun = methods.begin(
        payer=payer, currency="NGN", provider="flutterwave", return_url="https://shop.example/"
    )
    methods.keep_setup(begun, customer_id=payer.customer_id, currency="NGN", provider="flutterwave")
    requests.post(begun.asked.url, data={"do": "card"}, timeout=5, allow_redirects=False)
    assert methods.setup_may_be_done(begun.method_id.hex)
    methods.work(seconds=5)
    one = Payment.objects.get(source_id=begun.method_id)
    if kind:
        breaks(desk, kind, route="refund$")
    drive(Lane("refund", "flutterwave"), until=lambda: Attempt.objects.filter(state="pending").exists())
    desk.world.advance(61)
    drive(Lane("refund", "flutterwave"), until=is_in(one.pk, "succeeded"))
    assert (
        [row["amount"] for row in desk.moved()] == [row["amount"] for row in desk.moved("refund")] == [5_000]
    )
    held = Account.objects.get(kind="clearing:flutterwave", currency="NGN")
    assert balances.balances([held.pk])[held.pk] == desk.world.balances()[AVAILABLE]["NGN"] - 10_000
    assert books.examine().broken == []
