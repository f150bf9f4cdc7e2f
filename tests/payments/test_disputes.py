"""Disputes: booked as a look finds them, once; an open one freezes the payee's part and blocks refunds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from engine.core import clock
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.ledger.models import Account, Transfer
from engine.outbox.models import Event
from engine.providers import registry
from engine.providers.abilities import DisputeFound, DisputeState
from engine.providers.base import ProviderUnavailable
from engine.providers.unread import Unread
from payments import cases, dispute, disputes, story
from payments.models import Case, Dispute
from tests.payments.refunding import ADA, WHY, ask, broken, carry_out, counters, giving_back
from tests.payments.scripted import Scripted, paid
from tests.payments.steps import run

OPENED = datetime(2026, 2, 1, tzinfo=UTC)
NOTHING = dict.fromkeys(("looked_up", "unknown", "failed", "silent", "recounted", "warned"), 0)
OPEN, REVIEW, WON, LOST = DisputeState.OPEN, DisputeState.UNDER_REVIEW, DisputeState.WON, DisputeState.LOST


class Disputed(Scripted):
    """Has disputes, as the test writes them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Any] = {}

    def find_dispute(self, dispute_ref: str) -> DisputeFound:
        if self.down:
            raise self.down
        if dispute_ref not in self.found:
            raise Refusal("dispute_unknown", "no such dispute", param="dispute")
        return self.found[dispute_ref]

    def disputes(self, since: datetime, until: datetime):
        if self.down:
            raise self.down
        for each in self.found.values():
            if isinstance(each, Unread) or since <= each.opened_at < until:
                yield each


@pytest.fixture
def gateway(world: Scripted, monkeypatch: pytest.MonkeyPatch) -> Disputed:
    monkeypatch.setattr(settings, "PROVIDERS", {"scripted": "tests.payments.test_disputes.Disputed"})
    monkeypatch.setattr(dispute, "sql", SimpleNamespace(outside_transaction=lambda: True))
    registry.get.cache_clear()
    provider = registry.get("scripted")
    giving_back(provider)
    return provider


@pytest.fixture
def charged(gateway, new_payment, monkeypatch) -> UUID:
    """1000 paid on the platform, 50 of it the platform's fee."""
    one: UUID = new_payment()
    gateway.looks[one] = [
        paid(gross_minor=1000, currency="USDC", fee_minor=50, provider_ref="pi_1", movement_id="ch_1")
    ]
    run(monkeypatch)
    return one


def found(state: DisputeState = OPEN, **changes) -> DisputeFound:
    values = {"dispute_ref": "dp_1", "charge_ref": "ch_1", "state": state, "amount_minor": 1000, "currency": "USDC",
              "fee_minor": 15, "reason": "fraudulent", "opened_at": OPENED}  # fmt: skip
    return DisputeFound(**(values | changes))


def keep(state: DisputeState = OPEN, **changes) -> Dispute:
    return dispute.keep("scripted", found(state, **changes))


def held() -> dict[str, int]:
    """All balances, but for those at zero and what an invoice would be behind."""
    sums: dict[str, int] = {}
    for transfer in Transfer.objects.select_related("debit", "credit"):
        for account, minor in (
            (transfer.debit, transfer.amount_minor),
            (transfer.credit, -transfer.amount_minor),
        ):
            sums[account.kind] = sums.get(account.kind, 0) + minor
    return {kind: minor for kind, minor in sums.items() if minor and kind not in ("receivable", "billed")}


BEFORE = {"clearing:scripted": 1000, "payable": -950, "fee_income": -50}


def test_an_open_dispute_freezes_the_payees_part_and_costs(charged, payment):
    row = keep()
    assert (row.state, row.counted_minor, row.fee_minor, row.cost_minor) == ("open", 1000, 50, 15)
    assert payment(charged).disputed_minor == 1000
    assert held() == {"clearing:scripted": -15, "dispute_receivable": 1000, "frozen": -950, "dispute_loss": 15,
                      "fee_income": -50}  # fmt: skip
    frozen = Account.objects.get(kind="frozen")
    assert frozen.owner_id == Account.objects.get(kind="payable").owner_id
    case = Case.objects.get()
    assert (case.pk, case.kind, case.payment_id) == (row.case_id, "disputed", charged)
    assert Event.objects.get(object_id=row.pk).type == "dispute.opened"
    told = [moment.title for moment in story.timeline(charged)]
    assert (told.count("booked dispute.opened"), told.count("booked dispute.cost")) == (2, 1)
    assert broken() == set()


def test_won_all_is_as_it_was_but_for_what_it_cost(charged, payment):
    keep()
    row = keep(WON)
    assert (row.state, payment(charged).disputed_minor) == ("won", 0)
    assert held() == {**BEFORE, "clearing:scripted": 985, "dispute_loss": 15}
    assert Case.objects.get().resolution == "the dispute was won"
    assert broken() == set()
    keep(WON, fee_minor=0)  # the provider gives its fee back
    assert held() == BEFORE
    assert broken() == set()


def test_lost_the_payee_bears_their_part_and_the_platform_its_own(charged, payment):
    keep()
    keep(REVIEW)
    row = keep(LOST)
    assert (row.state, payment(charged).disputed_minor, row.ended_at is None) == ("lost", 1000, False)
    assert held() == {"clearing:scripted": -15, "dispute_loss": 65, "fee_income": -50}
    types = Event.objects.filter(object_id=row.pk).order_by("seq").values_list("type", flat=True)
    assert list(types) == ["dispute.opened", "dispute.under_review", "dispute.lost"]
    assert broken() == set()


@pytest.mark.parametrize("state", list(DisputeState))
def test_told_twice_it_is_booked_once(charged, state):
    keep(state)
    booked = Transfer.objects.count()
    keep(state)
    assert Transfer.objects.count() == booked
    assert Dispute.objects.count() == 1
    assert broken() == set()


def test_one_that_is_first_seen_at_its_end_is_booked_whole(charged, payment):
    row = keep(LOST)
    kinds = set(Transfer.objects.filter(source_id=row.pk).values_list("kind", flat=True))
    assert kinds == {"dispute.opened", "dispute.lost"}
    assert broken() == set()


def test_a_verdict_that_changes_is_a_persons_to_decide(charged):
    keep(WON)
    row = keep(LOST)
    assert row.state == "won"
    case = Case.objects.get()
    assert (case.closed_at, case.sentence) == (None, "the dispute was won, and is said to be lost")
    cases.close_case(case.pk, resolution="the bank erred", reason="r", by=ADA)
    keep(LOST)
    case.refresh_from_db()
    assert case.resolution == "the bank erred"  # said again each hour, it is no news
    keep(LOST, amount_minor=900)
    case.refresh_from_db()
    assert (case.closed_at, held()) == (None, {**BEFORE, "clearing:scripted": 985, "dispute_loss": 15})


def test_an_open_one_blocks_refunds_and_a_won_one_does_not(charged, monkeypatch):
    keep(amount_minor=400)
    with pytest.raises(Refusal) as refused:
        ask(charged, 1)
    assert refused.value.code == "payment_disputed"
    keep(WON, amount_minor=400)
    ask(charged)
    carry_out(monkeypatch)
    assert counters(charged) == (0, 1000)
    assert broken() == set()


def test_what_was_lost_is_not_given_back_again(charged, monkeypatch):
    keep(LOST, amount_minor=401)
    with pytest.raises(Refusal, match=r"0\.000599 USDC is left"):
        ask(charged, 600)
    one = ask(charged)
    assert (one.amount_minor, one.fee_minor + Dispute.objects.get().fee_minor) == (599, 50)
    carry_out(monkeypatch)
    assert broken() == set()


def test_what_is_disputed_beside_a_refund_takes_all_that_is_left_of_the_fee(
    gateway, new_payment, monkeypatch
):
    """A refund of 1 of 10 took nothing of a fee of 5; the 9 that are disputed are of all 5, not of 4."""
    one = new_payment(amount_minor=10, fee_minor=5)
    gateway.looks[one] = [paid(gross_minor=10, currency="USDC", fee_minor=5, movement_id="ch_1")]
    run(monkeypatch)
    assert ask(one, 1).fee_minor == 0
    carry_out(monkeypatch)
    row = keep(amount_minor=9, fee_minor=0)
    assert (row.counted_minor, row.fee_minor, held()["frozen"]) == (9, 5, -4)
    keep(LOST, amount_minor=9, fee_minor=0)
    assert held() == {"fee_income": -5, "dispute_loss": 5}, "and the payee is owed nothing"
    assert broken() == set()


def test_more_than_is_left_is_booked_and_counted_as_far_as_it_goes(charged, payment, monkeypatch):
    ask(charged, 700)
    carry_out(monkeypatch)
    row = keep()
    assert (row.counted_minor, payment(charged).disputed_minor) == (300, 300)
    assert broken() == set()
    keep(LOST)
    assert broken() == set()
    assert held()["dispute_loss"] == 15 + 1000 - (300 - row.fee_minor)


def test_its_case_is_closed_by_its_end_alone(charged):
    row = keep()
    with pytest.raises(Refusal) as refused:
        cases.close_case(row.case_id, resolution="done", reason="r", by=ADA)
    assert refused.value.code == "dispute_open"


def test_a_charge_is_found_by_either_of_its_names(charged):
    assert keep(charge_ref="pi_1").payment_id == charged


def test_a_callback_is_a_hint_that_is_looked_up(charged, gateway):
    gateway.found["dp_1"] = found()
    assert dispute.heard("scripted", "dp_1") == "dispute open: 0.001000 USDC"
    with pytest.raises(Refusal):
        dispute.heard("scripted", "dp_2")
    with pytest.raises(Refusal) as refused:
        dispute.heard("nobody", "dp_1")
    assert refused.value.code == "no_disputes"


def test_nobody_is_asked_inside_a_transaction(charged, gateway, monkeypatch):
    monkeypatch.setattr(dispute, "sql", SimpleNamespace(outside_transaction=lambda: False))
    with pytest.raises(RuntimeError, match="I3"):
        dispute.heard("scripted", "dp_1")


def test_an_operator_looks(charged, gateway):
    row = keep()
    gateway.found["dp_1"] = found(LOST)
    dispute.look_up(row.pk, **WHY)
    row.refresh_from_db()
    assert row.state == "lost"
    gateway.down = ProviderUnavailable("down", "nobody answers")
    for pk, code in ((row.pk, "provider_unavailable"), (uuid7(), "dispute_unknown")):
        with pytest.raises(Refusal) as refused:
            dispute.look_up(pk, **WHY)
        assert refused.value.code == code


def test_what_no_callback_told_is_found(charged, gateway):
    now = clock.machine_now()
    gateway.found["dp_1"] = found(opened_at=now - timedelta(days=1))
    gateway.found["dp_2"] = found(dispute_ref="dp_2", charge_ref="else", opened_at=now - timedelta(days=1))
    assert disputes.watch() == NOTHING | {"looked_up": 2}
    gateway.found = {"dp_1": found(LOST)}  # opened long ago: not listed any more; of the other nobody knows
    assert disputes.watch() == NOTHING | {"looked_up": 1, "unknown": 1}
    assert Dispute.objects.get(dispute_ref="dp_1").state == "lost"
    gateway.down = ProviderUnavailable("down", "nobody answers")
    assert disputes.watch() == NOTHING | {"silent": 2}


def test_an_odd_one_stops_no_other(charged, gateway, monkeypatch):
    now, answers = clock.machine_now(), gateway.find_dispute
    locked = OperationalError("canceling statement due to lock timeout")
    locked.__cause__ = LockNotAvailable()
    odd = {
        "dp_1": ProviderUnavailable("unreadable", "it can't be read"),
        "dp_2": KeyError("a bug"),
        "dp_7": locked,
    }
    others = {f"dp_{no}": {"dispute_ref": f"dp_{no}", "charge_ref": "else"} for no in (2, 3, 4, 5, 7)}

    def find(ref: str) -> DisputeFound:
        if ref in odd:
            raise odd[ref]
        return answers(ref)

    monkeypatch.setattr(gateway, "find_dispute", find)
    for ref in ("dp_2", "dp_3", "dp_7"):
        keep(**others[ref])
    keep()
    Dispute.objects.filter(dispute_ref="dp_3").update(looked_at=now)  # after the odd ones
    gateway.found = {
        "dp_3": found(LOST, **others["dp_3"]),
        "dp_4": found(opened_at=now - timedelta(hours=1), **others["dp_4"], reason="no text\x00"),
        "dp_5": found(opened_at=now - timedelta(hours=2), **others["dp_5"]),
        "dp_6": Unread("dispute", "dp_6", "status is none that we know"),
    }
    assert disputes.watch() == NOTHING | {"looked_up": 2, "failed": 4, "silent": 1}
    states = dict(Dispute.objects.values_list("dispute_ref", "state"))
    assert states == dict.fromkeys(("dp_1", "dp_2", "dp_5", "dp_7"), "open") | {"dp_3": "lost"}
    told = Case.objects.filter(kind="unreadable", payment=None)
    for case in told:
        cases.close_case(case.pk, resolution="booked by hand", reason="r", by=ADA)
    disputes.watch()
    assert [case.sentence.split(",")[0][-4:] for case in told.order_by("pk")] == ["dp_2", "dp_4", "dp_6"]
    assert not told.filter(closed_at=None).exists(), "once of each such word"


def test_a_person_is_told_once_before_evidence_is_due(charged, gateway):
    now = clock.machine_now()
    row = keep(evidence_due_at=now + timedelta(days=4))
    assert disputes.warn() == 0
    keep(evidence_due_at=now + timedelta(days=2))
    assert (disputes.warn(), disputes.warn()) == (1, 0)
    event = Event.objects.get(type="dispute.evidence_due")
    assert event.object_id == row.pk
    keep(REVIEW)
    assert Dispute.objects.get().version == 3
