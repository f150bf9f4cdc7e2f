"""Real rows for the books: billed by billing, paid through the pipeline by a scripted provider."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.apps import apps
from django.db import connection

from billing import numbering
from billing.models import Subscription
from engine.core import clock
from engine.core.models import Clock
from engine.providers import registry
from engine.providers.base import FailureClass, Finding, Outcome
from payments.models import Attempt, KillSwitch, Payment
from payments.pipeline import apply, evidence
from payments.pipeline.evidence import Said
from payments.pipeline.lanes import Lane
from payments.pipeline.mark_sent import Marked, mark_sent
from payments.pipeline.take import payables, take
from tests.billing.world import World
from tests.payments.scripted import Scripted, declined, paid

LANE = Lane("charge", "scripted")
NETWORK = {"network_fee_minor": 5000, "network_currency": "SOL"}
WHOLE = {"gross_minor": 1000, "currency": "USDC", "fee_minor": 25}


def fill(world: World, scripted: Scripted) -> dict[str, UUID]:
    """Sound books with something of everything; the second period's payment by what became of it."""
    names = ("paid", "declined", "pending", "waiting", "late", "differs")
    subscriptions = dict(zip(names, (subscribe(world) for _ in names), strict=True))
    world.bill()
    settle(scripted)
    world.later(days=31)
    world.bill()
    numbering.number_invoices()
    payments = {name: open_payment(subscription) for name, subscription in subscriptions.items()}
    scripted.looks = {
        payments["paid"]: [paid(**WHOLE, **NETWORK)],
        payments["declined"]: [declined(**NETWORK)],
        payments["pending"]: [paid(outcome=Outcome.PENDING)],
        payments["late"]: [declined()],
        payments["differs"]: [paid(**(WHOLE | {"gross_minor": 900, "movement_id": "other"}), **NETWORK)],
    }
    later = clock.machine_now() + timedelta(hours=1)
    Payment.objects.filter(pk=payments["waiting"]).update(next_action_at=later, waiting="funds")
    settle(scripted)
    say(payments["late"], paid(**WHOLE, **NETWORK))
    return payments


def refused_for_us(**changes: object) -> Finding:
    """A final refusal that is not the payer's fault."""
    return Finding(Outcome.DECLINED, FailureClass.TECHNICAL, "destination_unusable", **changes)  # type: ignore[arg-type]


def subscribe(world: World) -> Subscription:
    customer = world.customer()
    method = world.method(customer, provider="scripted")
    return world.subscription(customer_id=customer.id, method_id=method.id)


def open_payment(subscription: Subscription) -> UUID:
    found = Payment.objects.filter(state="scheduled", method_id=subscription.method_id)
    return found.values_list("pk", flat=True).get()


def mark(most: int = 50) -> list[Marked]:
    """Take and mark sent what is due."""
    taken = take(*LANE, most=most)
    provider = registry.get("scripted")
    wanted = payables(taken, "charge", machine_at=clock.machine_now())
    return mark_sent(provider, wanted, None, free=50)[0]


def settle(scripted: Scripted) -> None:
    """Send what is due, hear what its look says, and apply it, in whatever transaction there is."""
    for marked in mark():
        one = marked.sendable
        finding = scripted.looks.get(one.payment_id, [paid(**WHOLE)])[0]
        evidence.store([Said(one.attempt_id, one.payment_id, one.send_no, "lookup", finding)])
    while apply.apply():
        pass


def say(payment_id: UUID, finding: object) -> None:
    """A look at the payment's last attempt said `finding`; it is applied."""
    attempt = Attempt.objects.filter(payment_id=payment_id).latest("seq")
    evidence.store([Said(attempt.pk, payment_id, attempt.send_no, "lookup", finding)])  # type: ignore[arg-type]
    while apply.apply():
        pass


def rows() -> dict[str, int]:
    """Rows of every table there is."""
    return {model._meta.db_table: model._default_manager.count() for model in apps.get_models()}


def empty() -> None:
    """Empty our tables, past the triggers that keep history; what migrations put there is put back."""
    labels = (
        "billing",
        "payments",
        "payments_callbacks",
        "engine_ledger",
        "engine_outbox",
        "engine_providers",
        "engine_audit",
        "ops",
    )
    tables = [m._meta.db_table for label in labels for m in apps.get_app_config(label).get_models()]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        # A few rows each: to truncate writes every table and index anew.
        cursor.execute("; ".join(f"DELETE FROM {table}" for table in tables))
        cursor.execute("SET session_replication_role = origin")
    KillSwitch.objects.create(pk=1)
    Clock.objects.exclude(pk=0).delete()
