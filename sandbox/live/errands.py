"""What a house does with the product's own code, each in a fresh process of the nursery. JSON in and out."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.db import transaction
from solders.pubkey import Pubkey

from billing import customers, plans
from billing.models import Customer, PlanVersion, Subscription
from engine.core import clock
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7, uuid7s
from engine.core.models import Clock
from ops import books
from payments import disputes, refund, states
from payments.models import Attempt, Payment, PaymentMethod, Refund
from payments.pipeline import hinted
from payments.pipeline.hinted import Told
from sandbox.live.chain import DECIMALS
from sandbox.live.spans import INTERVAL_SECONDS

PROVER = Actor("a proof", "command", Role.ADMIN)


def furnish(creators: Sequence[str], price_minor: int, fee_bps: int) -> list[dict[str, str]]:
    """Timetable, switches, and a creator with a plan for each wallet; their ids."""
    call_command("sync_schedule", stdout=io.StringIO())
    made = []
    for number, wallet in enumerate(creators, 1):
        creator = customers.create_creator(name=f"Creator {number}", wallet=wallet, fee_bps=fee_bps)
        plan = plans.create_plan(
            creator_id=creator.id, number=1, name=f"Plan {number}", price_minor=price_minor, currency="USDC",
            interval_unit="second", interval_count=INTERVAL_SECONDS,
        )  # fmt: skip
        made.append({"creator": str(creator.id), "plan": str(plan.id)})
    return made


def make_clock() -> int:
    """A running clock whose lease is over: it stands where it is until its offset is moved."""
    now = clock.machine_now()
    return Clock.objects.create(kind=Clock.Kind.RUNNING, name=f"cohort {uuid7()}", lease_until=now).pk


def subscribe(
    wallets: Sequence[str], plan: str, provider: str, mint: str, fee_wallet: str, strict_once: bool, clock_id: int
) -> list[str]:  # fmt: skip
    """A customer with an active method and a subscription for each wallet, due in a period; their ids."""
    version = PlanVersion.objects.select_related("plan").get(plan_id=UUID(plan), no=1)
    details = [_details(wallet, mint, fee_wallet, strict_once) for wallet in wallets]
    return _people(version, provider, "USDC", clock_id, details, wallets)


def subscribe_by(
    provider: str, currency: str, price_minor: int, details: Sequence[dict[str, Any]], clock_id: int
) -> list[str]:
    """A creator's plan of this price, and a customer with an active method and a subscription for each of `details`,
    due in a period; their ids."""
    creator = customers.create_creator(name=f"Creator paid by {provider}", fee_bps=500)
    plan = plans.create_plan(
        creator_id=creator.id, number=1, name=f"By {provider}", price_minor=price_minor, currency=currency,
        interval_unit="second", interval_count=INTERVAL_SECONDS,
    )  # fmt: skip
    version = PlanVersion.objects.select_related("plan").get(plan_id=plan.id, no=1)
    return _people(version, provider, currency, clock_id, details)


def _people(
    version: PlanVersion,
    provider: str,
    currency: str,
    clock_id: int,
    details: Sequence[dict[str, Any]],
    wallets: Sequence[str] = (),
) -> list[str]:
    now, count = clock.business_now(clock_id), len(details)
    payers = [
        Customer(
            id=new, name=f"Payer {n}", wallet=wallets[n] if wallets else "", clock_id=clock_id, created_at=now
        )
        for n, new in enumerate(uuid7s(count))
    ]
    methods = [
        PaymentMethod(id=new, customer_id=payer.id, provider=provider, currency=currency, state="active",
                      created_at=now, details=each)
        for new, payer, each in zip(uuid7s(count), payers, details, strict=True)
    ]  # fmt: skip
    made = [
        _subscription(new, payer, method.id, version, now)
        for new, payer, method in zip(uuid7s(count), payers, methods, strict=True)
    ]
    Customer.objects.bulk_create(payers, batch_size=1000)
    PaymentMethod.objects.bulk_create(methods, batch_size=1000)
    Subscription.objects.bulk_create(made, batch_size=1000)
    return [str(each.id) for each in made]


def subscribe_unpayable(count: int, plan: str, clock_id: int) -> list[str]:
    """Subscriptions that owe and have no payment method: drafts and invoices without a payment; their ids."""
    version = PlanVersion.objects.select_related("plan").get(plan_id=UUID(plan), no=1)
    now = clock.business_now(clock_id)
    payers = [
        Customer(id=new, name="Payer by hand", clock_id=clock_id, created_at=now) for new in uuid7s(count)
    ]
    made = [
        _subscription(new, payer, None, version, now)
        for new, payer in zip(uuid7s(count), payers, strict=True)
    ]
    Customer.objects.bulk_create(payers, batch_size=1000)
    Subscription.objects.bulk_create(made, batch_size=1000)
    return [str(each.id) for each in made]


def api_key() -> str:
    """A key that may do all, as `make run` prints one."""
    from sandbox.demo import api_key

    return api_key.fresh()


def check_books() -> list[str]:
    """What the product's own self-check finds wrong, as sentences."""
    return [str(each) for each in books.check_books().broken]


def give_back(among: int, every: int) -> int:
    """Ask for refunds until one of `every` of the `among` paid payments has been given back: all of it, a part, or
    a part and then the rest. How many payments. Commits each."""
    wanted, done = among // every - Refund.objects.values("payment").distinct().count(), 0
    paid = Payment.objects.filter(operation="charge", state=Payment.State.SUCCEEDED, refunds=None)
    for payment_id, amount in paid.order_by("pk").values_list("pk", "amount_minor"):
        if done >= wanted:
            break
        ways: list[list[int | None]] = [[None], [amount // 3], [amount // 3, None]]
        # What is disputed or has a case by now is refused: the next one is given back instead.
        with suppress(Refusal):
            for part in ways[done % len(ways)]:
                refund.request(payment_id, amount_minor=part, reason="a proof gives back", by=PROVER)
            done += 1
    return done


def look_at_parked() -> int:
    """A look is due at whatever is parked and unresolved, as by a callback; at how many. Commits."""
    parked = Attempt.objects.filter(payment__parked_at__isnull=False, state__in=states.UNRESOLVED_ATTEMPT)
    with transaction.atomic():
        return hinted.make_due([Told(pk) for pk in parked.values_list("pk", flat=True)])


def watch_disputes() -> dict[str, int]:
    """What the hourly task does: list the disputes of the last days, and look at those that are open. Commits."""
    return disputes.watch()


def _subscription(
    new: UUID, payer: Customer, method: UUID | None, version: PlanVersion, now: datetime
) -> Subscription:
    first = now + timedelta(seconds=INTERVAL_SECONDS)
    return Subscription(
        id=new, customer=payer, creator_id=version.plan.creator_id, plan=version.plan, plan_version=version,
        method_id=method, clock_id=payer.clock_id,
        anchor_at=first, next_due_at=first, created_at=now,
    )  # fmt: skip


def _details(wallet: str, mint: str, fee_wallet: str, strict_once: bool) -> dict[str, Any]:
    from engine.providers.solana.addresses import token_account

    Pubkey.from_string(wallet)
    return {
        "mint": mint, "decimals": DECIMALS, "payer": wallet, "source": token_account(wallet, mint),
        "collector": 1, "fee_wallet": fee_wallet, "strict_once": strict_once,
    }  # fmt: skip
