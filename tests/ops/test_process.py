"""POST payments/process names a subscription by two wallets and a number, and no wallet is one person's alone."""

from __future__ import annotations

import pytest

from billing import customers, plans
from billing.models import Customer, Subscription
from engine.core.actor import SYSTEM
from engine.rest import keys
from payments.models import Payment
from tests.ops.api import Caller
from tests.ops.world import settle, subscribe

WALLET = "ada-wallet"


def process(subscription: Subscription, number: int = 1):
    secret = keys.create("tests", ["admin:write"], by=SYSTEM).secret
    payer = Customer.objects.get(pk=subscription.customer_id).wallet
    return Caller(secret).post(
        "/api/payments/process", {"subscriber": payer, "creator": WALLET, "planId": number}
    )


def test_the_curl_line_of_the_source_names_no_media_type(world, scripted):
    """`curl -d '{…}'` says of itself that it sends a form."""
    subscription = joined(world, world.plan)
    payer = Customer.objects.get(pk=subscription.customer_id).wallet
    caller = Caller(keys.create("tests", ["payments:write"], by=SYSTEM).secret)

    def curl(data: str):
        return caller.client.generic("POST", "/api/payments/process", data, headers=caller.headers,
                                     content_type="application/x-www-form-urlencoded")  # fmt: skip

    line = f"""{{
    "subscriber": "{payer}",
    "creator": "{WALLET}",
    "planId": 1
  }}"""
    assert curl(line).status_code == 202
    assert Payment.objects.filter(method_id=subscription.method_id).count() == 1
    assert curl("subscriber=a&creator=b&planId=1").json()["error_detail"]["code"] == "body_malformed"


def plan_of_another_creator(number: int = 1):
    creator = customers.create_creator(name="Her other studio", wallet=WALLET, fee_bps=0)
    return plans.create_plan(creator_id=creator.id, number=number, name="Pro too", price_minor=900, currency="USDC",
                             interval_unit="month", interval_count=1)  # fmt: skip


def joined(world, plan) -> Subscription:
    customer = world.customer()
    method = world.method(customer, provider="scripted")
    return world.subscription(plan=plan, customer_id=customer.id, method_id=method.id)


@pytest.mark.parametrize("own_first", [True, False])
def test_the_live_subscription_is_found_whichever_creator_of_the_wallet_has_it(world, scripted, own_first):
    other = plan_of_another_creator()
    subscription = joined(world, world.plan if own_first else other)
    world.bill()
    settle(scripted)
    world.later(days=31)
    asked = process(subscription)
    assert asked.status_code == 202, asked.json()
    assert Payment.objects.filter(method_id=subscription.method_id).count() == 2


def test_where_two_are_meant_none_is_paid_and_both_are_named(world, scripted):
    mine = subscribe(world)
    method = world.method(Customer.objects.get(pk=mine.customer_id), provider="scripted")
    theirs = world.subscription(
        plan=plan_of_another_creator(), customer_id=mine.customer_id, method_id=method.pk
    )
    world.later(days=31)
    refused = process(mine)
    assert (refused.status_code, refused.json()["error_detail"]["code"]) == (409, "ambiguous")
    assert str(mine.pk) in refused.json()["error"]
    assert str(theirs.pk) in refused.json()["error"]
    assert not Payment.objects.exists()
    Subscription.objects.filter(pk=theirs.pk).update(state="canceled", next_due_at=None)
    assert process(mine).status_code == 202


def test_plan_number_0_can_be_named(world, scripted):
    subscription = joined(world, plan_of_another_creator(number=0))
    assert process(subscription, number=0).status_code == 202
    assert process(subscription, number=-1).status_code == 400
