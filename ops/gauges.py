"""How the business stands, as numbers for a monitor: read from rows at each scrape, so every process tells the same.

Each number is read by a small index and counted to MOST: at a million in arrears nobody acts on the exact number, and
a scrape costs the same as on a quiet day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Func, QuerySet, Sum

from billing.models import Subscription
from engine.core import clock, sql
from engine.ledger import rollup
from engine.outbox.models import Event
from engine.providers import registry
from ops import gone, heartbeat, parts, waits
from payments.callbacks.models import Callback, TurnedAway
from payments.models import Case, KillSwitch, Payment, ProviderSwitch

MOST = 10_000
_OPERATIONS = ("charge", "refund", "release", "payout")


class Gauge(NamedTuple):
    """One number and what it is of. `samples`: the labels' values -> the number; seconds, or a count."""

    name: str
    says: str
    labels: tuple[str, ...]
    samples: dict[tuple[str, ...], float]


def read() -> Iterator[Gauge]:
    """All of them, as of now. Reads, calls nobody."""
    now = clock.machine_now()
    yield from _subscriptions(now)
    yield from _payments(now)
    yield from _waiting(now)
    yield from _decided_by_people(now)
    yield from _held(now)
    yield from _backlogs(now)
    yield from _callbacks(now)
    yield from _sending()
    ages: dict[tuple[str, ...], float] = {(name,): age for name, age in heartbeat.ages(now).items()}
    yield Gauge(
        "heartbeat_age_seconds",
        "Since a sign of life: `tick` is beat's, `queue:money` a worker's",
        ("of",),
        ages,
    )


def _subscriptions(now: datetime) -> Iterator[Gauge]:
    due = Subscription.objects.filter(clock_id=clock.REAL, next_due_at__lte=now)
    yield from _counted(
        "subscriptions_due", "Subscriptions that are due and not billed yet", due, "next_due_at", now
    )


def _payments(now: datetime) -> Iterator[Gauge]:
    states = (Payment.State.SCHEDULED.value, Payment.State.IN_FLIGHT.value)
    away = gone.read()  # of what waits for them the numbers go on: a series that ends alerts nobody
    asked = {"most": MOST, "providers": sorted({*registry.names(), *(one.provider for one in away)})}
    more = {"operations": list(_OPERATIONS), "states": list(states)}
    found = sql.rows(sql.statement(__file__, "gauges_payments"), asked | more)
    yield Gauge("payments_open", "Payments that the workers act on, each operation to 10000", ("state", "provider"),
                {(state, provider): count for state, provider, count, _ in found})  # fmt: skip
    yield Gauge("payments_late_seconds", "How long the oldest has waited for what was to be done to it",
                ("state", "provider"),
                {(state, provider): _age(at, now) for state, provider, _, at in found})  # fmt: skip
    for state, name, says in (
        ("unknown", "payments_unknown", "Payments of which nobody knows whether money moved"),
        (
            "pending",
            "payments_pending",
            "Payments that their provider has and has not ended: a payer's action, or its own time",
        ),
    ):
        sent = sql.rows(sql.statement(__file__, "gauges_on_their_way"), asked | {"state": state})
        yield Gauge(name, says, ("provider",),
                    {(provider,): count for provider, count, _ in sent})  # fmt: skip
        yield Gauge(f"{name}_oldest_seconds", "Since the oldest of them could leave last", ("provider",),
                    {(provider,): _age(at, now) for provider, _, at in sent})  # fmt: skip
    yield Gauge("waiting_for_no_provider", "Open payments and unasked invoices of a provider that is not configured",
                ("of", "provider"),
                {(of, one.provider): getattr(one, of) for one in away for of in ("payments", "invoices")})  # fmt: skip


def _waiting(now: datetime) -> Iterator[Gauge]:
    found, labels = waits.payments(most=MOST), ("provider", "for", "code")
    yield Gauge("payments_waiting", f"Payments not sent, as they wait for us or for the payee, each to {MOST}", labels,
                {each[:3]: each.number for each in found})  # fmt: skip
    yield Gauge("payments_waiting_oldest_seconds", "Since the oldest of them was made", labels,
                {each[:3]: _age(each.since, now) for each in found})  # fmt: skip


def _held(now: datetime) -> Iterator[Gauge]:
    drafts, held = waits.drafts(most=MOST), waits.subscriptions(most=MOST)
    yield Gauge(
        "drafts_held", f"Drafts that an approver releases, counted to {MOST}", (), {(): drafts.number}
    )
    yield Gauge(
        "drafts_held_oldest_seconds", "Since the oldest of them is held", (), {(): _age(drafts.since, now)}
    )
    yield Gauge("subscriptions_held", f"Subscriptions that wait for somebody, each code to {MOST}", ("code",),
                {(code,): each.number for code, each in held.items()})  # fmt: skip
    yield Gauge("subscriptions_held_oldest_seconds", "Since the oldest of them is held", ("code",),
                {(code,): _age(each.since, now) for code, each in held.items()})  # fmt: skip


def _decided_by_people(now: datetime) -> Iterator[Gauge]:
    parked = Payment.objects.filter(parked_at__isnull=False)
    yield from _counted("payments_parked", "Payments that wait for a person", parked, "parked_at", now)
    cases = Case.objects.filter(closed_at=None)
    yield from _counted("cases_open", "Cases that a person decides", cases, "opened_at", now, order="pk")


def _backlogs(now: datetime) -> Iterator[Gauge]:
    horizon = Func(function="engine_outbox_horizon", output_field=BigIntegerField())
    behind = Event.objects.filter(position__gte=horizon)
    yield from _counted(
        "feed_events_waiting",
        "Events that the feed does not show yet",
        behind,
        "created_at",
        now,
        order="position",
    )
    ledger = rollup.backlog(since=now - timedelta(seconds=parts.SILENT_SECONDS))
    yield Gauge("ledger_deltas", "Changes of balances that wait for the roll-up", (), {(): ledger.rows})
    yield Gauge(
        "ledger_accounts_left_out",
        "Accounts whose balance would leave 64 bits",
        (),
        {(): len(ledger.left_out)},
    )
    yield Gauge(
        "ledger_late", "1: changes have waited for longer than five minutes", (), {(): float(ledger.late)}
    )


def _callbacks(now: datetime) -> Iterator[Gauge]:
    due = Callback.objects.filter(next_action_at__lte=now)
    yield from _counted("callbacks_waiting", "Callbacks of providers that are due to be worked", due,
                        "next_action_at", now)  # fmt: skip
    for state, says in (
        ("parked", "that failed again and again"), ("unknown", "that name nothing of ours, as far as they are kept")
    ):  # fmt: skip
        rows = Callback.objects.filter(state=state)
        yield from _counted(f"callbacks_{state}", f"Callbacks {says}", rows, "received_at", now, order="pk")
    turned = TurnedAway.objects.filter(hour_start__gt=now - timedelta(hours=2)).values_list("provider", "why")
    sums = turned.annotate(sum=Sum("count")).values_list("provider", "why", "sum")
    yield Gauge("callbacks_turned_away", "Callbacks that were not believed, in this hour and the one before",
                ("provider", "why"), {(provider, why): float(count) for provider, why, count in sums})  # fmt: skip


def _sending() -> Iterator[Gauge]:
    on = not KillSwitch.objects.filter(sending=False).exists()
    paused = set(ProviderSwitch.objects.filter(paused=True).values_list("provider", flat=True))
    yield Gauge("sending", "1: money may move; 0: the kill switch is thrown, or the provider paused", ("provider",),
                {(name,): float(on and name not in paused) for name in registry.names()})  # fmt: skip


def _counted(
    name: str, says: str, rows: QuerySet[Any], since: str, now: datetime, *, order: str = ""
) -> Iterator[Gauge]:
    """How many (to MOST), and the age of the oldest, which an index gives first in `order`."""
    first = list(rows.order_by(order or since).values_list(since, flat=True)[:MOST])
    yield Gauge(name, f"{says}, counted to {MOST}", (), {(): len(first)})
    yield Gauge(
        f"{name}_oldest_seconds", "Age of the oldest of them", (), {(): _age(next(iter(first), None), now)}
    )


def _age(at: datetime | None, now: datetime) -> float:
    """0 where there is none, or its time lies ahead."""
    return max(0.0, (now - at).total_seconds()) if at else 0.0
