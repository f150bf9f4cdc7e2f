"""Disputes, the statement, the standing, and the sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers.abilities import DisputeState
from engine.providers.base import HoldKind, Outcome, Payable, Prepared, ProviderUnavailable
from engine.providers.paystack import pages, standing
from engine.providers.paystack.provider import Paystack
from engine.providers.statements import Line
from engine.providers.unread import Unread
from sandbox.gateways.control import Gateways
from tests.paystack.desk import AVAILABLE, Desk


def span(world: Gateways, days: int = 3) -> tuple[datetime, datetime]:
    now = datetime.fromtimestamp(world.now(), UTC)
    return now - timedelta(days=days), now + timedelta(seconds=1)


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_is_open_then_under_review_then_decided(desk: Desk, won: bool) -> None:
    one, paid = desk.paid()
    number = str(desk.world.do("paystack", "dispute", reference=one.identity, amount=3_000)["id"])
    found = desk.provider.find_dispute(number)
    assert (found.state, found.amount_minor, found.currency) == (DisputeState.OPEN, 3_000, "NGN")
    assert found.charge_ref == paid.movement_id and found.reason == "fraud" and found.fee_minor == 0
    assert found.evidence_due_at is not None and found.evidence_due_at - found.opened_at == timedelta(days=1)
    assert list(desk.provider.disputes(*span(desk.world))) == [found]
    desk.world.do("paystack", "decide_dispute", dispute=number, won=won)
    ended = desk.provider.find_dispute(number)
    assert ended.state is (DisputeState.WON if won else DisputeState.LOST)


def test_a_dispute_in_a_state_that_no_paper_names_ends_nothing(desk: Desk) -> None:
    one, _ = desk.paid()
    number = str(desk.world.do("paystack", "dispute", reference=one.identity)["id"])
    desk.world.fault("unknown_status", route="GET /dispute/", text="contemplating", count=1)
    assert desk.provider.find_dispute(number).state is DisputeState.UNDER_REVIEW


def test_a_dispute_that_can_not_be_read_hides_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = desk.paid()
    desk.world.do("paystack", "dispute", reference=one.identity)
    whole, between = list(desk.provider.disputes(*span(desk.world))), pages.between

    def odd_ones_first(*args: Any) -> Iterator[Mapping[str, Any]]:
        for row in between(*args):
            yield from ({**row, "transaction": None}, {**row, "createdAt": None}, row)

    monkeypatch.setattr(pages, "between", odd_ones_first)
    *odd, last = desk.provider.disputes(*span(desk.world))
    assert [last] == whole
    assert [(each.kind, bool(each.ref)) for each in odd if isinstance(each, Unread)] == [
        ("dispute", True)
    ] * 2


@pytest.mark.parametrize("number", ["123456", "", "../balance", "5?x=1", "٣"])
def test_a_dispute_that_is_not_there(desk: Desk, number: str) -> None:
    with pytest.raises(Refusal) as refused:
        desk.provider.find_dispute(number)
    assert refused.value.code == "dispute_unknown"


@pytest.mark.parametrize("kind", ["500_before", "429", "auth_revoked", "malformed_json"])
def test_disputes_and_statements_that_get_no_answer(desk: Desk, kind: str) -> None:
    desk.world.fault(kind, period=60)
    with pytest.raises(ProviderUnavailable):
        desk.provider.find_dispute("5")
    for rows in (desk.provider.disputes, desk.provider.statement, desk.provider.settlements):
        with pytest.raises(ProviderUnavailable):
            list(rows(*span(desk.world)))


def test_the_statement_names_every_movement_by_our_evidences_names(rich: Gateways, desk: Desk) -> None:
    charge, paid = desk.paid()
    desk.send(desk.charge("4084080000005408"))  # declined: no line
    refund = desk.refund(charge, paid, 2_000)
    given = desk.send(refund)
    payout = desk.payout()
    sent = desk.send(payout)
    other, other_paid = desk.paid()
    rich.advance(61)
    number = rich.do("paystack", "dispute", reference=other.identity)["id"]
    lines = list(desk.provider.statement(*span(rich)))
    assert {each.movement_id: (each.amount_minor, each.fee_minor) for each in lines} == {
        paid.movement_id: (10_000, 150),
        other_paid.movement_id: (10_000, 150),
        given.provider_ref: (-2_000, 0),
        sent.provider_ref: (-5_000, 1_000),
        f"dispute:{number}": (-10_000, 0),
    }
    total = sum(each.amount_minor - each.fee_minor for each in lines)
    assert rich.balances()[AVAILABLE] == {"NGN": 1_000_000 + total}, "to the last kobo"


def test_a_row_that_can_not_be_read_hides_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.paid()
    desk.world.do("paystack", "settle", currency="NGN")
    between = pages.between
    whole = {
        name: list(getattr(desk.provider, name)(*span(desk.world))) for name in ("statement", "settlements")
    }
    assert all(whole.values())

    def odd_ones_first(*args: Any) -> Iterator[Mapping[str, Any]]:
        for row in between(*args):
            yield from ({**row, "currency": None}, row)

    monkeypatch.setattr(pages, "between", odd_ones_first)
    for name, kind in (("statement", "transaction"), ("settlements", "settlement")):
        odd, last = getattr(desk.provider, name)(*span(desk.world))
        assert [last] == whole[name] and isinstance(odd, Unread)
        assert odd.kind == kind and odd.ref.isdigit()


def test_a_dispute_of_which_no_amount_is_said_is_one_of_all_of_the_charge(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = desk.paid()
    desk.world.do("paystack", "dispute", reference=one.identity)
    between = pages.between
    monkeypatch.setattr(
        pages, "between", lambda *args: ({**row, "refund_amount": None} for row in between(*args))
    )
    lines = [each for each in desk.provider.statement(*span(desk.world)) if isinstance(each, Line)]
    assert sorted(line.amount_minor for line in lines) == [-10_000, 10_000]


def test_what_came_back_is_a_line_of_its_own(rich: Gateways, desk: Desk) -> None:
    charge, _ = desk.paid()
    number = rich.do("paystack", "dispute", reference=charge.identity)["id"]
    payout = desk.payout()
    sent = desk.send(payout)
    rich.advance(6)
    rich.do("paystack", "end_transfer", reference=payout.identity, status="reversed")
    rich.do("paystack", "decide_dispute", dispute=number, won=True)
    lines = list(desk.provider.statement(*span(rich)))
    names = {each.movement_id for each in lines}
    assert {f"{sent.provider_ref}:returned", f"dispute:{number}:returned"} <= names
    total = sum(each.amount_minor - each.fee_minor for each in lines)
    assert rich.balances()[AVAILABLE] == {"NGN": 1_000_000 + total}


def test_spans_that_touch_name_each_movement_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.providers.paystack.pages.SIZE", 2)
    paid = []
    for _ in range(5):
        paid.append(desk.paid()[1].movement_id)
        desk.world.advance(600)
    since, until = span(desk.world)
    cut = until - timedelta(seconds=1 + 3 * 600)
    seen = [
        line.movement_id for part in ((since, cut), (cut, until)) for line in desk.provider.statement(*part)
    ]
    assert sorted(seen) == sorted(paid)


def test_settlements_are_what_was_paid_into_our_bank(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.providers.paystack.pages.SIZE", 2)
    made = []
    for _ in range(5):
        desk.paid()
        made.append(str(desk.world.do("paystack", "settle", currency="NGN")["id"]))
        desk.world.advance(86_400)
    since, until = span(desk.world, days=6)
    cut = until - timedelta(seconds=1 + 3 * 86_400)
    found = [each for part in ((since, cut), (cut, until)) for each in desk.provider.settlements(*part)]
    assert sorted(each.settlement_ref for each in found) == sorted(made), "once each"
    assert {(each.gross_minor, each.fee_minor, each.amount_minor) for each in found} == {(10_000, 150, 9_850)}
    assert {(each.currency, each.status) for each in found} == {("NGN", "success")}
    assert desk.world.balances()[AVAILABLE] == {"NGN": 0}


def test_a_standing_says_how_it_is(desk: Desk) -> None:
    desk.world.give(AVAILABLE, "NGN", -500)
    assert standing.balances(desk.provider.client) == {"NGN": -500}
    good = desk.provider.standing()
    assert good.reachable and "test mode" in good.message
    desk.world.fault("500_before", count=1)
    assert not desk.provider.standing().reachable


def test_wrong_credentials_are_named(desk: Desk, change: Any) -> None:
    change(paystack_secret_key=SecretStr("sk_test_wrong"))
    found = Paystack().standing()
    assert not found.reachable and "PAYSTACK_SECRET_KEY" in found.message and "sk_test" not in found.message


def test_the_account_is_the_environments(change: Any) -> None:
    change(paystack_secret_key=SecretStr("sk_test_1"), livemode=False)
    found = Paystack().client.account
    assert (found.url, found.key, found.signers) == ("https://api.paystack.co", "sk_test_1", ("sk_test_1",))
    assert (found.live, found.domain) == (False, "test") and "sk_test_1" not in repr(found)


def test_the_sheet_says_what_it_can_do(provider: Paystack) -> None:
    sheet = provider.sheet
    assert sheet.provider == provider.name == "paystack"
    assert (sheet.settlement, sheet.pulls, sheet.reversible) == ("platform", True, True)
    assert sheet.resend_same_identity == sheet.unique_reference == ("charge", "payout")
    assert not sheet.absence_certain
    assert sheet.cancel == hasattr(provider, "cancel")


def payable(n: int = 0) -> Payable:
    details = {"authorization_code": "AUTH_1", "email": f"a{n}@example.com"}
    return Payable(uuid7(), "charge", 10_000, 0, "NGN", details)


def test_who_finds_no_room_waits_and_the_others_go(env: None, change: Any) -> None:
    change(paystack_calls_per_second=4)
    provider = Paystack()
    batch = [payable(n) for n in range(3)]
    made = provider.prepare(batch, provider.context(batch))
    assert [type(each) is Prepared for each in made] == [True, True, False]
    assert (made[2].kind, made[2].code) == (HoldKind.PROVIDER, "rate_limited")


def test_after_failures_nobody_goes_until_one_got_through(desk: Desk, change: Any) -> None:
    change(breaker_failures=3)
    desk.world.fault("500_before", route="POST /transaction", period=60)
    for one in [desk.charge() for _ in range(3)]:
        assert desk.send(one).outcome is Outcome.UNKNOWN
    with pytest.raises(ProviderUnavailable) as waiting:
        desk.charge()
    assert waiting.value.code == "breaker_open" and desk.provider.standing().reachable
