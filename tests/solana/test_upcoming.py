"""Before the due date the approval is looked at on the chain, and the payer is warned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing import customers, plans, subscribe, watch
from engine.core import clock
from engine.outbox.models import Event
from engine.providers import registry
from payments import methods, switches
from payments.models import PaymentMethod
from sandbox.localnet import wallets
from tests.solana.test_methods import add, sign_and_send
from tests.solana.world import USDC, World

pytestmark = pytest.mark.django_db


def due_in(world: World, seconds: float) -> PaymentMethod:
    """A subscription of 5 USDC that is due so many seconds from now; its method."""
    switches.seed()
    customer = customers.create_customer(name="Ada", wallet=str(world.payer.pubkey()))
    creator = customers.create_creator(name="Bo", wallet=str(world.payee.pubkey()))
    plan = plans.create_plan(
        creator_id=creator.pk, number=1, name="p", price_minor=5 * USDC, currency="USDC", interval_unit="day",
        interval_count=1,
    )  # fmt: skip
    asked = add(world, customer_id=customer.pk)
    sign_and_send(world, asked)
    methods.activate(asked.method.pk, needed_minor=5 * USDC)
    PaymentMethod.objects.update(checked_at=None)
    start = clock.machine_now() + timedelta(seconds=seconds)
    subscribe.subscribe(customer_id=customer.pk, plan_id=plan.pk, method_id=asked.method.pk, anchor_at=start)
    return asked.method


@pytest.fixture(autouse=True)
def _fresh_provider():
    registry.get.cache_clear()


def test_a_revoked_approval_is_told_before_the_due_date(world: World):
    due_in(world, 3600)
    wallets.revoke(world.net, world.payer, world.account(world.payer))
    world.net.advance(2)
    assert watch.watch_upcoming() == {"checked": 1, "troubled": 1}
    assert Event.objects.get(type="payment_method.warning").payload["code"] == "delegate_revoked"
    assert watch.watch_upcoming() == {"checked": 0, "troubled": 0}  # looked at once per span


def test_what_is_due_later_than_the_span_is_left_alone(world: World):
    due_in(world, 3 * 86_400)
    assert watch.watch_upcoming() == {"checked": 0, "troubled": 0}


def test_a_silent_chain_stops_nothing(world: World, change):
    due_in(world, 3600)
    change(solana_rpc_url="http://127.0.0.1:9")
    assert watch.watch_upcoming() == {"checked": 0, "troubled": 0}
