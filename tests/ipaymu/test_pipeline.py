"""Through the engine: one link per obligation whatever is lost, and each rupiah that arrived is in the books."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.conf import settings
from django.db.models import Sum
from django.test import Client

from engine.core import clock, sql
from engine.core.actor import Actor, Role
from engine.core.ids import uuid7
from engine.ledger import accounts
from engine.ledger.models import Transfer
from engine.providers import registry
from engine.providers.ipaymu import lookup
from payments import charge, look, story, switches
from payments.api import lists
from payments.callbacks import work
from payments.charge import Charge
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import evidence, hinted, send, verify
from payments.pipeline.evidence import Said
from payments.pipeline.hinted import Told
from payments.pipeline.lanes import Lane
from payments.pipeline.mark_sent import mark_sent
from payments.pipeline.take import payables, take
from tests.gateways.receiver import Receiver
from tests.ipaymu.shop import AMOUNT, CREATIONS, NAME, Shop
from tests.payments.steps import absence_may_be_read, apply_all

LANE = Lane("charge", NAME)
ADA = Actor("ada", "user", Role.APPROVER)
WHO = {"source": "s", "name": "Putu", "email": "p@example.com", "phone": "0812"}


@pytest.fixture
def engine(shop: Shop, spans: None, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The adapter as the only provider; its payments' source hears nothing."""
    monkeypatch.setattr(settings, "PROVIDERS", {NAME: "engine.providers.ipaymu.provider.Ipaymu"})
    monkeypatch.setitem(settings.SOURCES, "test", f"{__name__}.hear")
    registry.get.cache_clear()
    switches.seed()
    return Shop(shop.world, registry.get(NAME))


def hear(changes: object) -> None:
    """What the source is told is its own affair."""


@pytest.fixture
def owed() -> Callable[..., UUID]:
    """Schedule a payment; `source` and `no` say which try of what is owed it is."""

    def make(*, channel: str = "", source: UUID | None = None, no: int = 1) -> UUID:
        now = clock.machine_now()
        one = Charge(
            source_kind="test", source_id=source or uuid7(), no=no, provider=NAME, clock_id=0, method_id=None,
            queue_key=uuid7(), due_at=now, grace_until=now + timedelta(hours=1), currency="IDR", amount_minor=AMOUNT,
            fee_minor=0, instructions={**WHO, "channel": channel}, customer_id=uuid7(), creator_id=uuid7(),
            correlation_id=uuid7(),
        )  # fmt: skip
        return charge.schedule([one], machine_at=now)[0]

    return make


def send_due() -> None:
    """Take, mark sent, send and apply what is due, as a lane's driver does."""
    provider, said = registry.get(NAME), []
    wanted = payables(take(*LANE, most=50), "charge", machine_at=clock.machine_now())
    with pytest.MonkeyPatch.context() as patience:
        patience.setattr(settings.ENV, "send_window_seconds", 600)
        for one in mark_sent(provider, wanted, provider.context(wanted), free=50)[0]:
            finding, source = send.send(provider, one, no_steps)
            said.append(Said(one.sendable.attempt_id, one.sendable.payment_id, 1, source, finding))
    evidence.store(said)
    apply_all()


def no_steps(step: object) -> None:
    raise AssertionError("a link is made in one call")


def look_due() -> None:
    """What verify does with all that is open, however long ago it was sent."""
    absence_may_be_read()
    Payment.objects.filter(state="in_flight", parked_at=None).update(next_action_at=clock.machine_now())
    time.sleep(0.02)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "outside_transaction", lambda: True)  # but for the test's own
        patch.setattr(settings.ENV, "verify_first_seconds", 60)
        verify.verify(LANE)
    apply_all()


def close_page() -> None:
    """The only page's time is over."""
    attempt = Attempt.objects.get()
    attempt.data["expires_at"] = (clock.machine_now() - lookup.MARGIN).isoformat()
    attempt.save(update_fields=["data"])


def number_of(one: UUID) -> int:
    """Its transaction at iPaymu, once a look has named it."""
    named = Evidence.objects.filter(payment_id=one).exclude(provider_ref="").order_by("pk").last()
    return int(named.provider_ref)


def arrived() -> int:
    """What the ledger says was taken in at iPaymu."""
    return _sum(debit_id__in=_clearing())


def held() -> int:
    """What the ledger says lies there, less what iPaymu kept."""
    return arrived() - _sum(credit_id__in=_clearing())


def _clearing() -> list[int]:
    return list(accounts.ensure([accounts.Key(f"clearing:{NAME}", "IDR")]).values())


def _sum(**which: object) -> int:
    return Transfer.objects.filter(**which).aggregate(minor=Sum("amount_minor"))["minor"] or 0


def links(world) -> int:
    return len([row for row in world.requests() if row["route"] in CREATIONS])


@pytest.mark.parametrize("channel", ["", "va:bni"])
def test_a_payer_pays_the_link_and_the_books_agree(engine: Shop, owed, channel: str) -> None:
    one = owed(channel=channel)
    send_due()
    assert Attempt.objects.get().state == "pending"
    assert Evidence.objects.get().detail["action"]["type"] == ("number" if channel else "redirect")
    look_due()
    engine.end(number_of(one))
    look_due()
    assert Payment.objects.get().state == "succeeded"
    assert engine.collected() == [(Attempt.objects.get().identity, arrived())]
    assert engine.world.balances()["ipaymu:platform:available"] == {"IDR": held()}


@pytest.mark.parametrize("seen", [True, False], ids=["after it was booked", "before anybody looked"])
def test_what_ipaymu_takes_back_leaves_the_books(engine: Shop, owed, seen: bool) -> None:
    one = owed(channel="va:bni")
    send_due()
    engine.end(number_of(one))
    if seen:
        look_due()
        assert Payment.objects.get().state == "succeeded"
    engine.end(number_of(one), "refunded")
    hinted.make_due([Told(pk) for pk in Attempt.objects.values_list("pk", flat=True)])
    look_due()
    assert Payment.objects.get().state == ("reversed" if seen else "failed")
    assert engine.world.balances()["ipaymu:platform:available"] == {"IDR": held()}
    assert Case.objects.count() == seen


@pytest.mark.parametrize("listed", [True, False])
def test_after_a_lost_reply_no_second_link_is_ever_made(engine: Shop, owed, listed: bool) -> None:
    engine.world.fault("reset_after_success", provider=NAME, count=1)
    engine.world.configure(NAME, links_listed=listed)
    one = owed()
    send_due()
    assert Attempt.objects.get().state == "unknown"
    for _ in range(3):
        look_due()
    assert links(engine.world) == 1 and Attempt.objects.count() == 1
    engine.world.configure(NAME, links_listed=True)
    look_due()
    engine.end(number_of(one))
    look_due()
    assert Payment.objects.get().state == "succeeded"
    assert engine.world.assertions()["ok"] and arrived() == AMOUNT


def test_a_page_whose_address_was_lost_is_said_to_be_so_until_it_is_over(engine: Shop, owed) -> None:
    engine.world.fault("reset_after_success", provider=NAME, count=1)
    one = owed()
    send_due()
    look_due()
    engine.world.fault("unknown_status", provider=NAME, count=1)
    for _ in range(2):
        payment = Payment.objects.get()
        (action,) = lists.actions_of([payment]).values()
        assert action == {"type": "none", "url": None, "expires_at": Attempt.objects.get().data["expires_at"]}
        assert "address was lost with iPaymu's answer" in story.sentence(payment)
        for _ in range(2):
            look_due()  # unknown once, and seen again
    engine.end(number_of(one), "expired")
    close_page()
    look_due()
    assert Payment.objects.get().failure_code == "link_expired" and links(engine.world) == 1


def test_where_nothing_was_made_a_person_decides_in_the_end(engine: Shop, owed, hasty, monkeypatch) -> None:
    engine.world.fault("500_before", provider=NAME, count=1, route="payment")
    owed()
    send_due()
    monkeypatch.setattr(settings.ENV, "park_unknown_seconds", 0)
    look_due()
    assert "unknown for too long" in Payment.objects.get().parked_reason
    assert links(engine.world) == 1


def test_a_fresh_link_is_issued_only_after_the_old_one_is_over(engine: Shop, owed) -> None:
    source = uuid7()
    one = owed(source=source)
    send_due()
    look_due()
    old = number_of(one)
    send_due()
    assert links(engine.world) == 1
    engine.end(old, "expired")
    look_due()
    assert Payment.objects.get().state == "in_flight"  # another may be begun on the page
    close_page()
    look_due()
    first = Payment.objects.get()
    assert (first.state, first.failure_class, first.failure_code) == (
        "failed",
        "payer_action_needed",
        "link_expired",
    )
    second = owed(source=source, no=2)
    send_due()
    look_due()
    engine.end(number_of(second))
    look_due()
    assert Payment.objects.get(pk=second).state == "succeeded"
    identities = [attempt.identity for attempt in Attempt.objects.order_by("created_at")]
    assert len(set(identities)) == links(engine.world) == 2
    assert engine.collected() == [(identities[1], arrived())]


def test_two_payments_on_one_link_are_both_booked_and_a_person_decides(engine: Shop, owed) -> None:
    one = owed()
    send_due()
    look_due()
    first = number_of(one)
    for number in (first, engine.again(Attempt.objects.get().identity)):
        engine.end(number)
    look_due()
    payment = Payment.objects.get()
    assert (payment.state, Attempt.objects.get().state) == ("in_flight", "unknown")
    assert f"{2 * AMOUNT} IDR arrived where {AMOUNT} IDR was asked" in payment.parked_reason
    assert Case.objects.get().kind == "amount_differs"
    assert arrived() == sum(amount for _, amount in engine.collected()) == 2 * AMOUNT


def test_a_second_payment_told_of_just_after_the_first_was_booked_is_booked_too(
    engine: Shop, owed, hooks: Receiver
) -> None:
    one = owed()
    send_due()
    look_due()
    first, second = number_of(one), engine.again(Attempt.objects.get().identity)
    engine.end(first)
    look_due()
    assert Payment.objects.get().state == "succeeded"
    engine.end(second)
    for told in hooks.wait(2):
        door = Client().generic("POST", "/api/billing/webhook", told.body, headers=told.headers)
        assert door.status_code == 200
    assert work.work().counts == {"done": 2}
    look_due()
    assert arrived() == sum(amount for _, amount in engine.collected()) == 2 * AMOUNT
    assert engine.world.balances()["ipaymu:platform:available"] == {"IDR": held()}
    assert (Payment.objects.get().state, Case.objects.get().kind) == ("succeeded", "amount_differs")
    assert Transfer.objects.get(kind="payment.mismatch").amount_minor == AMOUNT
    engine.end(second, "refunded")
    for _ in range(2):  # the second look finds the first payment as it was
        hinted.make_due([Told(Attempt.objects.get().pk)])
        look_due()
    assert Payment.objects.get().state == "succeeded"
    assert [leg.debit.kind for leg in Transfer.objects.filter(kind="payment.reversed")] == ["suspense"]
    assert engine.world.balances()["ipaymu:platform:available"] == {"IDR": held()}


def test_what_is_paid_on_an_old_link_is_booked_late(engine: Shop, owed) -> None:
    one = owed()
    send_due()
    look_due()
    engine.end(number_of(one), "expired")
    close_page()
    look_due()
    assert Payment.objects.get().state == "failed"
    attempt = Attempt.objects.get()
    engine.end(engine.again(attempt.identity))
    registry.get.cache_clear()  # what this process has read of the day is from before
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "outside_transaction", lambda: True)
        look.look_up(attempt.pk, reason="a callback told of it", by=ADA)
    apply_all()
    assert (Payment.objects.get().state, Case.objects.get().kind) == ("succeeded_late", "paid_after_close")
    assert arrived() == sum(amount for _, amount in engine.collected()) == AMOUNT


def test_an_amount_that_differs_lies_in_suspense(engine: Shop, owed) -> None:
    one = owed(channel="va:bni")
    send_due()
    engine.end(number_of(one))
    engine.world.fault("wrong_amount", provider=NAME, count=1)
    look_due()
    payment = Payment.objects.get()
    assert payment.state == "in_flight" and payment.parked_at
    assert Transfer.objects.filter(kind="payment.mismatch").get().amount_minor == AMOUNT + 100


@pytest.mark.parametrize("kind", ["429", "auth_revoked", "outage"])
def test_what_did_not_leave_waits_and_is_no_failure(engine: Shop, owed, kind: str) -> None:
    """An outage that resets the connection may have taken the request: that one is looked up."""
    engine.world.fault(kind, provider=NAME, count=1)
    owed()
    send_due()
    state = {"outage": ("in_flight", "unknown")}.get(kind, ("scheduled", "not_sent"))
    assert (Payment.objects.get().state, Attempt.objects.get().state) == state


def test_a_rule_that_sends_again_would_be_caught(engine: Shop, owed, hasty, monkeypatch) -> None:
    """The check of the test above: with a sheet that allows it there are two links, and the payer can pay both."""
    provider = registry.get(NAME)
    monkeypatch.setattr(provider, "sheet", replace(provider.sheet, resend_same_identity=("charge",)))
    engine.world.fault("reset_after_success", provider=NAME, count=1)
    engine.world.configure(NAME, links_listed=False)
    owed()
    send_due()
    look_due()
    assert links(engine.world) == 2
