"""Load the demo once: every step looks whether it is done, so a load that was cut short goes on."""

import os
from datetime import timedelta
from pathlib import Path

import requests
from solders.keypair import Keypair

from billing import customers, plans, subscribe
from billing.models import Creator, Customer, Plan, Subscription
from engine.core import clock
from engine.core.models import Clock
from payments import methods
from payments.models import PaymentMethod
from sandbox.demo import cast, rails
from sandbox.demo.chain import PERIODS_FUNDED, Chain
from sandbox.demo.wallets import keypair, sign
from sandbox.localnet.control import Localnet, LocalnetError


def load(say: object = print) -> int:
    """Everything of the cast that is not there yet; how many subscriptions were made. Writes, calls out.

    Raises SystemExit for a node that is no localnet: what it makes up would be nobody's there.
    """
    net = Localnet(os.environ["SOLANA_RPC_URL"])
    try:
        net.status()
    except (LocalnetError, requests.RequestException):
        # Without the cause, which shows the whole address: it may hold a key.
        raise SystemExit(
            "no localnet answers at SOLANA_RPC_URL, and the demo needs one: leave it unset"
        ) from None
    folder = Path(os.environ["RUN_DIR"]) / "demo"
    chain = Chain(net)
    chain.open()
    rails.call_us()
    clock_id = demo_clock()
    sold = {each.plan: (each, _plan(each, folder)) for each in cast.CREATORS}
    made = 0
    for each in cast.SUBSCRIBERS:
        creator, plan = sold[each.plan]
        if each.rail:
            made += rails.subscriber(each, creator, plan, clock_id)
        else:
            made += _subscriber(each, creator, plan, chain, keypair(folder, each.name), clock_id)
    return made


def demo_clock() -> int:
    """The demo's running clock, standing still until somebody extends its lease."""
    now = clock.machine_now()
    found, _ = Clock.objects.get_or_create(
        name=cast.CLOCK, defaults={"kind": Clock.Kind.RUNNING, "lease_until": now}
    )
    return int(found.pk)


def _plan(each: cast.Creator, folder: Path) -> Plan:
    wallet = str(keypair(folder, each.name).pubkey())
    creator = Creator.objects.filter(name=each.name).first() or customers.create_creator(
        name=each.name, wallet=wallet, fee_bps=each.fee_bps
    )
    return Plan.objects.filter(creator=creator, number=each.number).first() or plans.create_plan(
        creator_id=creator.pk,
        number=each.number,
        name=each.plan,
        price_minor=each.price_minor,
        currency=each.currency,
        interval_unit="second",
        interval_count=cast.INTERVAL_SECONDS,
    )


def _subscriber(
    each: cast.Subscriber, creator: cast.Creator, plan: Plan, chain: Chain, wallet: Keypair, clock_id: int
) -> int:
    address = str(wallet.pubkey())
    customer = Customer.objects.filter(wallet=address).first() or customers.create_customer(
        name=each.name, wallet=address, clock_id=clock_id, metadata={"fate": each.fate, "ends": each.ends}
    )
    if Subscription.objects.filter(customer=customer, plan=plan).exists():
        return 0
    chain.fund(wallet, creator.currency, creator.price_minor)
    method = _approved(customer, creator, chain, wallet)
    # Before the subscription, which says that all is done: cut short here, the next load does it again.
    chain.spoil(each.fate, wallet, creator.price_minor, _collector())
    subscribe.subscribe(
        customer_id=customer.pk, plan_id=plan.pk, method_id=method.pk, service_name=each.plan,
        anchor_at=clock.business_now(clock_id) + timedelta(seconds=1),
    )  # fmt: skip
    return 1


def _approved(customer: Customer, creator: cast.Creator, chain: Chain, wallet: Keypair) -> PaymentMethod:
    """The wallet signs the approval that the product built; the product looks for it on the chain."""
    found = PaymentMethod.objects.filter(customer_id=customer.pk, state=PaymentMethod.State.ACTIVE).first()
    if found:
        return found
    asked = methods.add(
        customer_id=customer.pk,
        wallet=str(wallet.pubkey()),
        currency=creator.currency,
        add_minor=creator.price_minor * PERIODS_FUNDED,
    )
    signature = chain.net.send(sign(asked.approval.transaction, wallet), skip_preflight=True)
    chain.net.wait(signature, "confirmed")
    return methods.activate(asked.method.pk, needed_minor=creator.price_minor)


def _collector() -> str:
    return str(Keypair.from_base58_string(os.environ["DEMO_COLLECTOR"]).pubkey())
