"""The demo's payers at the four gateways: how each gives a method, what pays their links, and what really moved."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from functools import cache

from billing import customers, subscribe
from billing.models import Customer, Plan, Subscription
from engine.core import clock, sql
from engine.providers.abilities import Payer
from ops.chain import ChainTransfer, Difference, compare_with_chain
from payments import methods
from payments.models import PaymentMethod
from sandbox.demo import cast
from sandbox.gateways.control import Gateways
from sandbox.rails import setups
from sandbox.rails.gateways import ALL
from sandbox.rails.rail import Moved, Rail

ADDRESS = "GATEWAYS_URL"


@cache
def rail(name: str) -> Rail:
    """That gateway in the run's simulator. Raises KeyError where the run has none."""
    return ALL[name](Gateways(os.environ[ADDRESS]))


def used() -> list[Rail]:
    """The gateways that somebody of the cast pays by."""
    return [rail(name) for name in dict.fromkeys(each.rail for each in cast.SUBSCRIBERS if each.rail)]


def call_us() -> None:
    """Each gateway calls the run's web process back."""
    for each in used():
        each.call_back(f"{os.environ['PUBLIC_URL']}/api/webhooks/{each.name}")


def subscriber(each: cast.Subscriber, creator: cast.Creator, plan: Plan, clock_id: int) -> int:
    """The payer with their method and subscription, once; 1 if it was made now. Writes, calls out."""
    at, email = rail(each.rail), f"{each.name.lower().replace(' ', '.')}@example.com"
    customer = Customer.objects.filter(email=email).first() or customers.create_customer(
        name=each.name, email=email, clock_id=clock_id, metadata={"fate": each.fate, "ends": each.ends}
    )
    if Subscription.objects.filter(customer=customer, plan=plan).exists():
        return 0
    at.endow()
    method = _set_up(customer, creator, at)
    if each.fate:
        at.spoil(method.details, each.fate)
    subscribe.subscribe(
        customer_id=customer.pk, plan_id=plan.pk, method_id=method.pk, service_name=each.plan,
        anchor_at=clock.business_now(clock_id) + timedelta(seconds=1),
    )  # fmt: skip
    return 1


def _set_up(customer: Customer, creator: cast.Creator, at: Rail) -> PaymentMethod:
    """By the gateway's own fields or page, as any payer."""
    found = PaymentMethod.objects.filter(customer_id=customer.pk, state=PaymentMethod.State.ACTIVE).first()
    if found:
        return found
    payer = Payer(customer.pk, customer.name, customer.email, "081200000000")
    begun = methods.begin(
        payer=payer, currency=creator.currency, provider=at.name, return_url=f"{os.environ['PUBLIC_URL']}/",
        options=at.options(),
    )  # fmt: skip
    kept = methods.keep_setup(begun, customer_id=customer.pk, currency=creator.currency, provider=at.name)
    if kept.state == PaymentMethod.State.ACTIVE:
        return kept
    at.fill(begun.asked.url, begun.asked.client_secret)
    return methods.take_setup(kept.pk, methods.look_at_setup(kept.pk))


def act() -> None:
    """Called each second: whoever was sent a link pays it."""
    for each in used():
        each.act()


def differences() -> Iterator[Difference]:
    """Where the gateways' own books and ours do not agree. Reads, calls out."""
    for each in used():
        moved = each.moved()
        yield from compare_with_chain(_charges(moved), provider=each.name)
        booked = map(setups.Booked._make, sql.rows(setups.BOOKED, {"provider": each.name}))
        for method, sentence in setups.differences(moved, booked):
            yield Difference("setup", method, sentence, 0, 0, each.currency)


def _charges(moved: list[Moved]) -> list[ChainTransfer]:
    """One per charge: what the payer paid and what the gateway kept of it."""
    charges: dict[str, Moved] = {}
    fees: dict[str, int] = defaultdict(int)
    for one in moved:
        if one.kind == "charge" and one.payment:
            charges[one.object_id] = one
        elif one.kind == "fee":
            fees[one.object_id] += one.amount_minor
    return [
        ChainTransfer(one.payment, one.identity, one.amount_minor, fees[number], one.currency)
        for number, one in charges.items()
    ]
