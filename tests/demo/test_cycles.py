"""What `make run CYCLES=N` calls good, and each thing that it must not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from django.db.models import F, QuerySet

from billing import collect, customers, cycle, plans
from billing.models import Customer, Invoice, Subscription
from engine.core import clock
from engine.core.models import Clock
from ops import books
from ops.chain import ChainTransfer
from payments.models import Payment
from sandbox.demo import cast, cycles, view
from sandbox.demo.cast import Subscriber
from tests.billing.world import World, end, invoices

AMARA = Subscriber("Amara", "Pro")
MONA = Subscriber("Mona", "Pro", "allowance", "balance_too_small")
QUINN = Subscriber("Quinn", "Pro", "late", "succeeded")


@dataclass
class Stage:
    """A demo of three whose payments end as the test says, by the product's own verbs but for the chain."""

    world: World
    goal: cycles.Goal
    waited: set[UUID]
    said: list[str] = field(default_factory=list)
    of: dict[str, Subscription] = field(default_factory=dict)

    def play(self, *, but: str = "", **ends: str) -> None:
        """Everybody comes to their end, or to the one given by name; `but` one, whose payment stays."""
        cycle.finalize()
        for each in cast.SUBSCRIBERS:
            if each.name != but:
                self._end(each.name, ends.get(each.name, each.ends))

    def invoice(self, name: str) -> Invoice:
        return invoices(self.of[name])[0]

    def payment(self, name: str) -> QuerySet[Payment]:
        return Payment.objects.filter(source_id=self.invoice(name).pk)

    def finish(self) -> cycles.Ended:
        self.said.clear()
        return self.goal.finish(self.said.append)

    def faults(self) -> str:
        """What a finish that goes wrong says; its exit code is 1."""
        assert self.finish().code == 1
        return "\n".join(self.said)

    def _end(self, name: str, how: str) -> None:
        won = how == "succeeded"
        change = end(self.invoice(name).pk, "succeeded" if won else "failed")
        self.payment(name).update(failure_code="" if won else how)
        if name == "Quinn":
            self.waited.add(change.payment_id)
        collect.payments_changed([change])


@pytest.fixture
def stage(db: None, direct: None, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Three subscribers, each with a draft; nobody has ended yet."""
    monkeypatch.setattr(cast, "HEALTHY", (AMARA,))
    monkeypatch.setattr(cast, "UNLUCKY", (MONA, QUINN))
    monkeypatch.setattr(cast, "SUBSCRIBERS", (AMARA, MONA, QUINN))
    monkeypatch.setattr(cycles, "DRAIN_SECONDS", 0)
    # Of the real books and chain these payments know nothing.
    monkeypatch.setattr(books, "check_books", lambda: books.Books(clock.machine_now(), []))
    monkeypatch.setattr(cycles, "_truth", list)
    now = clock.machine_now()
    running = Clock.objects.create(kind="running", name="demo", lease_until=now + timedelta(hours=1))
    creator = customers.create_creator(name="Ada", wallet="ada-wallet", fee_bps=250)
    plan = plans.create_plan(creator_id=creator.pk, number=1, name="Pro", price_minor=1000, currency="USDC",
                             interval_unit="month", interval_count=1)  # fmt: skip
    waited: set[UUID] = set()
    world = World(running.pk, creator, plan)
    made = Stage(world, cycles.Goal(running.pk, now, 1, waited=waited), waited)
    for each in cast.SUBSCRIBERS:
        made.of[each.name] = world.subscription()
        Customer.objects.filter(pk=made.of[each.name].customer_id).update(name=each.name)
    return made


def test_all_at_their_end_is_good(stage: Stage) -> None:
    assert not stage.goal.reached()
    stage.play()
    assert stage.goal.reached()
    assert stage.finish() == cycles.Ended("settled=2 failed=1 parked=0 unknown=0 books=balanced", 0)
    assert stage.said == []
    assert clock.business_now(stage.world.clock_id) == clock.business_now(stage.world.clock_id), "it stands"


def test_a_wrong_end_is_named(stage: Stage) -> None:
    stage.play(Mona="account_frozen")
    assert "Mona: 1 payments ended with account_frozen, expected balance_too_small" in stage.faults()


def test_books_that_are_broken_are_wrong(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.play()
    broken = books.Result("rule", "Stored is summed.", True, 3, [])
    monkeypatch.setattr(books, "check_books", lambda: books.Books(clock.machine_now(), [broken]))
    ended = stage.finish()
    assert (ended.code, ended.summary.rpartition("=")[2]) == (1, "WRONG")
    assert stage.said == ["✗ does not hold (3): Stored is summed."]


def test_a_transfer_that_the_books_do_not_know_is_wrong(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.play()
    monkeypatch.setattr(cycles, "_truth", lambda: [ChainTransfer("ab" * 16, "sig", 5, 5000, "USDC")])
    ended = stage.finish()
    assert (ended.code, ended.summary.rpartition("=")[2]) == (1, "WRONG")
    assert "no payment of ours" in stage.said[0]


def test_what_does_not_drain_is_no_fault_of_the_books(stage: Stage) -> None:
    stage.play(but="Mona")
    stage.payment("Mona").update(state="in_flight")
    ended = stage.finish()
    assert (ended.code, ended.summary.rpartition("=")[2]) == (1, "balanced")
    assert "✗ still under way after 0 s" in stage.said


def test_what_is_due_and_not_claimed_is_under_way(stage: Stage) -> None:
    stage.play()
    due = Subscription.objects.filter(pk=stage.of["Amara"].pk)
    due.update(next_due_at=F("next_due_at") - timedelta(days=40))
    assert "still under way" in stage.faults()
    due.update(ends_at=F("next_due_at"))
    assert stage.finish().code == 0, "no period starts at its end"


@pytest.mark.parametrize("waiting", ["funds", "queue"])
@pytest.mark.parametrize(("name", "faulty"), [("Mona", False), ("Amara", True)])
def test_a_healthy_payer_does_not_wait(stage: Stage, waiting: str, name: str, faulty: bool) -> None:
    stage.play(but=name)
    stage.payment(name).update(waiting=waiting)
    stage.finish()
    assert ("✗ still under way after 0 s" in stage.said) is faulty
    assert (f"✗ {name}: period 0 is open, expected paid" in stage.said) is faulty


def test_a_healthy_draft_and_a_draft_that_is_held_are_named(stage: Stage) -> None:
    for name, why in (("Amara", ""), ("Mona", "The price is unknown.")):
        Invoice.objects.filter(pk=stage.invoice(name).pk).update(next_action_at=None, held_reason=why)
    cycle.finalize()
    said = stage.faults()
    assert "Amara: period 0 is draft, expected paid" in said
    assert "Mona: period 0 is held: The price is unknown." in said


def test_an_open_invoice_that_nobody_was_asked_for_is_named(stage: Stage) -> None:
    stage.play()
    stage.payment("Mona").update(source_id=UUID(int=1))
    assert "Mona: period 0 is open and was never asked for" in stage.faults()


def test_a_subscription_that_is_held_is_named(stage: Stage) -> None:
    stage.play()
    Subscription.objects.filter(pk=stage.of["Mona"].pk).update(
        next_due_at=None, held_code="catch_up", held_reason="Too many missed."
    )
    assert "Mona: the subscription is held: Too many missed." in stage.faults()


def test_a_late_payer_that_never_waited_has_not_come_to_its_end(stage: Stage) -> None:
    stage.play()
    stage.waited.clear()
    assert not stage.goal.reached()
    said = stage.faults()
    assert "not everybody came to their end" in said
    assert "Quinn: no payment waited for its funds inside the grace window" in said


def test_what_is_parked_is_not_counted_as_unknown(stage: Stage) -> None:
    stage.play(but="Mona")
    payment, now = stage.payment("Mona").get(), clock.machine_now()
    attempt = payment.attempts.create(
        id=UUID(int=2), seq=1, provider="direct", identity="one", envelope=b"", fence=1, send_by=now, created_at=now
    )  # fmt: skip
    type(attempt).objects.update(state="unknown")
    stage.payment("Mona").update(state="in_flight")
    assert (view.counts().unknown, view.counts().parked) == (1, 0)
    stage.payment("Mona").update(parked_at=now, parked_reason="A person looks.")
    assert (view.counts().unknown, view.counts().parked) == (0, 1)


def test_who_was_sent_a_link_at_the_last_moment_pays_it_while_the_run_drains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    links, goal = [1], cycles.Goal(0, clock.machine_now, 1, waited=())  # type: ignore[arg-type]
    monkeypatch.setattr(goal, "_under_way", lambda: len(links))
    monkeypatch.setattr(cycles, "DRAIN_SECONDS", 0.5)
    monkeypatch.setattr(cycles.rails, "act", links.clear)
    assert goal._drained()
