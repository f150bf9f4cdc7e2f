"""A small world: a clock, a creator with a plan, and customers with methods; verbs as the product has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from billing import customers, cycle, plans, subscribe
from billing.models import Creator, Customer, Invoice, Plan, Subscription
from engine.core import clock
from engine.core.ids import uuid7
from engine.core.models import Clock
from payments.models import Payment, PaymentMethod
from payments.sources import SourceChange

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
DETAILS = {"mint": "m", "decimals": 6, "payer": "w", "source": "s", "collector": 1, "fee_wallet": "fees",
           "strict_once": False}  # fmt: skip


@dataclass
class World:
    """Everything lives on one test clock that starts on 31 January 2026."""

    clock_id: int
    creator: Creator
    plan: Plan
    made: list[Customer] = field(default_factory=list)

    def customer(self, *, zone: str = "UTC") -> Customer:
        self.made.append(
            customers.create_customer(name=f"Payer {len(self.made)}", wallet=f"w{uuid7().hex[:20]}", zone=zone,
                                      clock_id=self.clock_id)
        )  # fmt: skip
        return self.made[-1]

    def method(self, customer: Customer, **changes: Any) -> PaymentMethod:
        values = {"id": uuid7(), "customer_id": customer.id, "provider": "direct", "currency": "USDC",
                  "details": {**DETAILS, "source": f"account of {customer.wallet}"}, "state": "active",
                  "created_at": START}  # fmt: skip
        return PaymentMethod.objects.create(**(values | changes))

    def subscription(self, *, plan: Plan | None = None, zone: str = "UTC", **changes: Any) -> Subscription:
        customer = self.customer(zone=zone)
        values: dict[str, Any] = {"customer_id": customer.id, "plan_id": (plan or self.plan).id}
        values["method_id"] = self.method(customer).id
        return subscribe.subscribe(**(values | changes))

    def another_plan(self, **changes: Any) -> Plan:
        number = Plan.objects.filter(creator=self.creator).count() + 1
        values = {"creator_id": self.creator.id, "number": number, "name": "Other", "price_minor": 1500,
                  "currency": "USDC", "interval_unit": "month", "interval_count": 1}  # fmt: skip
        return plans.create_plan(**(values | changes))

    def at(self, moment: datetime) -> None:
        clock.advance(self.clock_id, to=moment)

    def later(self, **span: float) -> None:
        self.at(clock.business_now(self.clock_id) + timedelta(**span))

    def bill(self) -> tuple[cycle.ClaimResult, cycle.FinalizeResult]:
        return cycle.claim(self.clock_id), cycle.finalize()


def make_world() -> World:
    test_clock = Clock.objects.create(kind="test", name=f"test {uuid7()}", stands_at=START)
    creator = customers.create_creator(name="Ada", wallet="ada-wallet", fee_bps=250)
    plan = plans.create_plan(creator_id=creator.id, number=1, name="Pro", price_minor=1000, currency="USDC",
                             interval_unit="month", interval_count=1)  # fmt: skip
    return World(test_clock.pk, creator, plan)


def payment_of(invoice_id: UUID) -> Payment:
    return Payment.objects.filter(source_id=invoice_id).latest("no")


def end(invoice_id: UUID, state: str, **changes: Any) -> SourceChange:
    """End the invoice's open payment as apply does, and the change that its source is told."""
    payment = payment_of(invoice_id)
    if payment.state == "scheduled":
        Payment.objects.filter(pk=payment.pk).update(state="in_flight")
    now = clock.machine_now()
    settled = payment.amount_minor if state == "succeeded" else 0
    Payment.objects.filter(pk=payment.pk).update(state=state, settled_minor=settled, ended_at=now)
    failed = {"failure_class": "insufficient_funds", "failure_code": "balance_too_small",
              "failure_message": "The payer's balance is too small."} if state == "failed" else {}  # fmt: skip
    values = {
        "payment_id": payment.pk, "source_kind": "invoice", "source_id": invoice_id, "no": payment.no, "state": state,
        "currency": payment.currency, "amount_minor": payment.amount_minor, "settled_minor": settled,
        "failure_class": "", "failure_code": "", "failure_message": "", "clock_id": payment.clock_id,
        "business_at": clock.business_now(payment.clock_id), "machine_at": now, "correlation_id": None,
    } | failed | changes  # fmt: skip
    return SourceChange(**values)


def invoices(subscription: Subscription) -> list[Invoice]:
    return list(Invoice.objects.filter(subscription=subscription).order_by("period_no"))


def rows_everywhere() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of each table of ours with all its values: what a refusal must not change."""
    from django.apps import apps

    ours = [m for label in ("billing", "payments", "engine_audit", "engine_ledger", "engine_outbox") for m in
            apps.get_app_config(label).get_models()]  # fmt: skip
    return {model._meta.label: list(model._default_manager.order_by("pk").values_list()) for model in ours}
