"""What is only read: disputes, the statement, and how Stripe is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from pydantic import SecretStr

from engine.core.errors import Refusal
from engine.providers import registry
from engine.providers.abilities import DisputeState
from engine.providers.base import ProviderUnavailable
from engine.providers.stripe import statement
from engine.providers.stripe.client import Api, Unreadable
from engine.providers.stripe.reading import Heard
from engine.providers.unread import Unread
from tests.stripe.shop import Shop

BEGINNING, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def test_a_dispute_goes_its_way(shop: Shop) -> None:
    attempt = shop.charge()
    opened = shop.world.do("stripe", "dispute", payment_intent=attempt.known.provider_ref, amount=1500)
    found = shop.provider.find_dispute(opened["id"])
    assert (found.state, found.amount_minor, found.currency) == (DisputeState.OPEN, 1500, "USD")
    assert (found.fee_minor, found.reason, found.charge_ref) == (
        1500,
        "fraudulent",
        attempt.known.provider_ref,
    )
    assert found.evidence_due_at == found.opened_at + timedelta(days=7)
    shop.hand.v1.disputes.update(opened["id"], {"evidence": {"uncategorized_text": "used"}, "submit": True})
    assert shop.provider.find_dispute(opened["id"]).state is DisputeState.UNDER_REVIEW
    shop.world.do("stripe", "decide_dispute", dispute=opened["id"], won=True)
    won = shop.provider.find_dispute(opened["id"])
    assert (won.state, won.fee_minor) == (DisputeState.WON, 1500)


def test_a_dispute_that_nobody_answers_is_lost(shop: Shop) -> None:
    shop.charge(card="pm_card_createDispute")
    shop.world.advance(8 * 86_400)
    (found,) = shop.provider.disputes(BEGINNING, END)
    assert found.state is DisputeState.LOST


def test_a_dispute_that_is_not_there_is_unknown(shop: Shop) -> None:
    with pytest.raises(Refusal) as refused:
        shop.provider.find_dispute("dp_nobody")
    assert refused.value.code == "dispute_unknown"


def test_a_dispute_of_a_word_that_no_paper_names_can_not_be_told(shop: Shop) -> None:
    attempt = shop.charge()
    opened = shop.world.do("stripe", "dispute", payment_intent=attempt.known.provider_ref)
    shop.world.fault("unknown_status", route="GET /disputes")
    with pytest.raises(ProviderUnavailable):
        shop.provider.find_dispute(opened["id"])


def test_an_inquiry_took_no_money_and_is_no_dispute(shop: Shop) -> None:
    attempt = shop.charge()
    opened = shop.world.do("stripe", "dispute", payment_intent=attempt.known.provider_ref)
    shop.world.fault("unknown_status", route="GET /disputes", text="warning_needs_response")
    with pytest.raises(Refusal) as refused:
        shop.provider.find_dispute(opened["id"])
    assert refused.value.code == "dispute_unknown"
    assert list(shop.provider.disputes(BEGINNING, END)) == []


@pytest.mark.parametrize("net", ["disputes", "told"])
def test_one_that_can_not_be_read_hides_no_other(
    net: str, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.world.do("stripe", "dispute", payment_intent=shop.charge().known.provider_ref)
    listed, pages = getattr(shop.provider, net), Api.pages
    whole = list(listed(BEGINNING, END))

    def an_odd_one_first(*args: Any, **words: Any) -> Iterator[Heard]:
        for heard in pages(*args, **words):
            yield Heard({**heard.found, "object": "another", "status": "reconsidering"}, heard.trace)
            yield heard

    monkeypatch.setattr(Api, "pages", an_odd_one_first)
    found = list(listed(BEGINNING, END))
    odd = [each for each in found if isinstance(each, Unread)]
    assert whole and odd and [each for each in found if each not in odd] == whole
    assert odd[0].ref and odd[0].why


def test_the_statement_has_each_movement_by_the_name_that_its_evidence_has(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "PAGE", 2)
    attempt = shop.charge()
    refund = shop.prepare("refund", 500, charge={"provider_ref": attempt.known.provider_ref})
    shop.send(refund)
    shop.world.do("stripe", "fail_refund", refund=refund.known.provider_ref)
    lines = list(shop.provider.statement(BEGINNING, END))
    by_name = {line.movement_id: line for line in lines}
    assert len(by_name) == len(lines) == 3
    charged, given = by_name[attempt.found[-1].movement_id], by_name[refund.found[-1].movement_id]
    assert (charged.amount_minor, charged.fee_minor, charged.currency) == (2000, 88, "USD")
    assert (given.amount_minor, given.fee_minor) == (-500, 0)
    (back,) = [line for line in lines if line.movement_id.startswith("txn_")]
    assert (back.amount_minor, back.provider_ref) == (500, refund.known.provider_ref)
    held = shop.world.balances("stripe")
    ours = [sum(held[name].values()) for name in held if name.startswith("stripe:platform")]
    assert sum(line.amount_minor - line.fee_minor for line in lines) == sum(ours)


def test_the_statement_is_of_its_time_alone(shop: Shop) -> None:
    shop.charge()
    now = datetime.fromtimestamp(shop.world.now(), UTC)
    assert len(list(shop.provider.statement(now - timedelta(hours=1), now + timedelta(hours=1)))) == 1
    assert list(shop.provider.statement(now + timedelta(hours=1), END)) == []


def test_a_line_that_can_not_be_read_hides_no_other(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.charge()
    (whole,) = shop.provider.statement(BEGINNING, END)
    pages = Api.pages

    def odd_one_first(*args: Any, **more: Any) -> Iterator[Heard]:
        for heard in pages(*args, **more):
            yield from (heard._replace(found={**heard.found, "amount": "much"}), heard)

    monkeypatch.setattr(Api, "pages", odd_one_first)
    odd, line = shop.provider.statement(BEGINNING, END)
    assert line == whole and isinstance(odd, Unread)
    assert odd.kind == "balance_transaction" and odd.ref.startswith("txn_")


def test_a_statement_that_is_cut_off_is_none(shop: Shop) -> None:
    shop.charge()
    shop.world.fault("500_before", route="GET /balance_transactions")
    with pytest.raises(ProviderUnavailable):
        list(shop.provider.statement(BEGINNING, END))


def test_how_it_is(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shop.provider.standing().reachable
    shop.world.fault("500_before", route="GET /balance", count=1)
    assert not shop.provider.standing().reachable
    shop.world.configure("stripe", livemode=True)
    assert "LIVEMODE" in shop.provider.standing().message
    monkeypatch.setattr(settings.ENV, "stripe_secret_key", SecretStr("sk_test_wrong"))
    registry.get.cache_clear()
    said = registry.get("stripe").standing()
    assert not said.reachable and "STRIPE_SECRET_KEY" in said.message
    assert "sk_test_wrong" not in said.message


@pytest.mark.parametrize(
    "page",
    [
        {"data": "no", "has_more": False},
        {"data": [{"id": "txn_1"}, 7], "has_more": False},
        {"data": [{"id": "txn_1"}]},
        {"data": [{}], "has_more": True},
        {"data": [], "has_more": True},
    ],
    ids=str,
)
def test_a_list_that_does_not_say_how_it_goes_on_is_not_taken_for_the_whole(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, page: dict[str, Any]
) -> None:
    monkeypatch.setattr(Api, "ask", lambda *_, **__: Heard(page, {}))
    with pytest.raises(Unreadable):
        list(shop.provider._api.pages("lookup", lambda v1, cursor: None))


def test_a_list_that_goes_round_ends(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    page = {"data": [{"id": "txn_1"}], "has_more": True}
    monkeypatch.setattr(Api, "ask", lambda *_, **__: Heard(page, {}))
    with pytest.raises(Unreadable):
        list(shop.provider._api.pages("lookup", lambda v1, cursor: None))
