"""The history is read newest first, page by page, once for many; what was not read to its end proves nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from engine.core import clock
from engine.providers.base import Known, Outcome, ProviderUnavailable
from engine.providers.ipaymu import history, lookup
from engine.providers.ipaymu.provider import Ipaymu
from tests.ipaymu.shop import AMOUNT, NAME, Shop


@pytest.fixture
def lost(shop: Shop):
    """Makes a link or code whose reply is lost."""

    def make(**more):
        shop.world.fault("reset_after_success", provider=NAME, count=1)
        return shop.make(**more)

    return make


def pages(shop: Shop) -> int:
    return len([row for row in shop.world.requests() if row["route"] == "POST /history"])


@pytest.mark.parametrize("member", ["Transaction", "Results"])
def test_a_lost_creation_is_found_on_a_later_page(shop: Shop, lost, member: str) -> None:
    shop.world.configure(NAME, history_member=member)
    made = lost()
    for _ in range(45):
        shop.make(channel="va:bni")
    found = shop.look_at(made)
    assert (found.outcome, pages(shop)) == (Outcome.PENDING, 3)
    assert found.provider_ref == "100001"


def test_one_reading_serves_a_whole_batch(shop: Shop) -> None:
    made = [shop.make(channel="va:bni") for _ in range(shop.provider.sheet.lookup_batch)]
    for one in made:
        one.known = Known()  # as where the reply was lost
    found = shop.look(*made)
    assert {one.outcome for one in found if one} == {Outcome.PENDING} and len(found) == 20
    assert pages(shop) == 1


def test_reading_ends_with_what_is_older(shop: Shop, lost) -> None:
    for _ in range(45):
        shop.make(channel="va:bni")
    shop.world.advance(3600)
    made = lost()
    later = (clock.machine_now() + timedelta(hours=1)).isoformat()
    assert shop.look_at(made, asked_at=later).outcome is Outcome.PENDING
    assert pages(shop) == 1


def test_where_it_does_not_come_newest_first_all_of_it_is_read(shop: Shop, lost, monkeypatch) -> None:
    made = lost()
    for _ in range(25):
        shop.make(channel="va:bni")
    page = history._page

    def shuffled(account, body):
        listed, last = page(account, body)
        return [
            {**row, "CreatedDate": f"20{10 + n % 7}-01-01 00:00:00"} for n, row in enumerate(listed)
        ], last

    monkeypatch.setattr(history, "_page", shuffled)
    assert shop.look_at(made).outcome is Outcome.PENDING
    assert pages(shop) == 2


def test_what_was_not_read_to_its_end_is_left_out_and_the_next_look_reads_on(
    shop: Shop, lost, monkeypatch
) -> None:
    """Among 51 it is on neither the newest nor the oldest page: a provider that answers few pages a look hides none."""
    for _ in range(25):
        shop.make(channel="va:bni")
    made = lost()
    for _ in range(25):
        shop.make(channel="va:bni")
    monkeypatch.setattr(history, "PAGES_MAX", 1)
    assert shop.look(made) == [None]
    assert shop.look_at(made).outcome is Outcome.PENDING


def test_a_page_that_is_not_answered_does_not_hide_what_is_older(shop: Shop, lost) -> None:
    made = lost()
    for _ in range(45):
        shop.make(channel="va:bni")
    shop.world.fault("500_before", provider=NAME, nth=2)
    assert shop.look_at(made).outcome is Outcome.PENDING


def test_what_one_look_has_read_another_only_asks_about(shop: Shop, lost) -> None:
    """Each of many calls may fail: a look that found its number and got no answer for it leaves the number behind."""
    made = lost()
    shop.end(100_001)
    shop.world.fault("500_before", provider=NAME, nth=2)
    with pytest.raises(ProviderUnavailable):
        shop.look(made)
    shop.world.fault("500_before", provider=NAME, route="POST /history")
    found = shop.look_at(made)
    assert (found.outcome, found.gross_minor) == (Outcome.SUCCEEDED, AMOUNT)


def test_an_end_is_not_believed_of_what_was_not_read_to_its_end(shop: Shop, monkeypatch) -> None:
    made = shop.make()
    shop.look_at(made)
    shop.end(made.number, "expired")
    for _ in range(25):
        shop.make(channel="va:bni")
    monkeypatch.setattr(history, "PAGES_MAX", 1)
    over = (clock.machine_now() - lookup.MARGIN).isoformat()
    assert shop.look(made, expires_at=over) == [None]
    monkeypatch.undo()
    assert shop.look_at(made, expires_at=over).code == "link_expired"


def over(since: datetime | None = None) -> str:
    """When a link expires of which nothing can be begun any more since then; without a moment since now."""
    return ((since or clock.machine_now()) - lookup.MARGIN).isoformat()


@pytest.fixture
def unopened(shop: Shop):
    """Makes pages that nobody opens, in a history that lists none of them."""
    shop.world.configure(NAME, links_listed=False)
    return shop.make


def test_a_day_too_long_for_one_look_is_read_on_by_the_next(shop: Shop, unopened, monkeypatch) -> None:
    old, older = unopened(), unopened()
    for _ in range(45):
        shop.make(channel="va:bni")
    monkeypatch.setattr(history, "PAGES_MAX", 1)
    ended = over()
    assert [shop.look(old, expires_at=ended) for _ in range(2)] == [[None], [None]]
    assert shop.look_at(old, expires_at=ended).code == "link_expired"
    assert shop.look_at(older, expires_at=ended).code == "link_expired"
    assert pages(shop) == 3, "one reading serves every link that was over when it began"


def test_a_day_that_was_read_before_a_link_was_over_says_nothing_of_its_end(
    shop: Shop, unopened, monkeypatch
) -> None:
    """Its payer pays in between: who believed the old list would ask for the money twice."""
    first, second = unopened(), unopened()
    assert shop.look_at(first, expires_at=over()).code == "link_expired"
    shop.end(100_002)
    with monkeypatch.context() as full:
        full.setattr(history, "PAGES_MAX", 0)
        assert shop.look(second, expires_at=over()) == [None]
    found = shop.look_at(second, expires_at=over())
    assert (found.outcome, found.gross_minor) == (Outcome.SUCCEEDED, AMOUNT)


def test_what_can_never_be_read_to_its_end_is_parked(shop: Shop, unopened, monkeypatch) -> None:
    made = unopened()
    for _ in range(25):
        shop.make(channel="va:bni")
    page = history._page

    def shuffled(account, body):
        listed, last = page(account, body)
        return sorted(listed, key=lambda row: row["TransactionId"] % 7), last

    monkeypatch.setattr(history, "_page", shuffled)
    ended = over()
    assert shop.look_at(made, expires_at=ended).code == "link_expired"  # all of it within one look
    monkeypatch.setattr(history, "PAGES_MAX", 1)
    found = shop.look_at(made, expires_at=over())
    assert (found.outcome, found.code, found.detail) == (Outcome.UNKNOWN, "history_cut", {"park": True})


def test_a_look_takes_its_calls_out_of_the_same_rate(shop: Shop, lost, account) -> None:
    made = lost(channel="va:bni")
    account(ipaymu_calls_per_second=0.5)  # two at once, then one in two seconds
    slow = Shop(shop.world, Ipaymu())
    assert slow.look_at(made).outcome is Outcome.PENDING
    with pytest.raises(ProviderUnavailable) as full:
        slow.look(made)
    assert full.value.code == "rate_limited" and full.value.retry_seconds


def test_a_history_that_can_not_be_read_says_nothing(shop: Shop, lost) -> None:
    made = lost()
    shop.world.configure(NAME, history_member="Other")
    with pytest.raises(ProviderUnavailable):
        shop.look(made)


def test_the_statement_is_what_was_paid_in_that_time(shop: Shop) -> None:
    paid, unpaid, back = (shop.make(channel="va:bni") for _ in range(3))
    assert unpaid.number
    for one in (paid, back):
        shop.end(one.number)
    shop.end(back.number, "refunded")
    now = clock.machine_now()
    lines = list(shop.provider.statement(now - timedelta(hours=1), now + timedelta(hours=1)))
    assert {(line.movement_id, line.amount_minor, line.fee_minor, line.currency) for line in lines} == {
        (str(paid.number), 102_000, 714, "IDR"), (str(back.number), 102_000, 714, "IDR"),
        (f"{back.number}-refund", -102_000, 0, "IDR"),
    }  # fmt: skip
    held = shop.world.balances()["ipaymu:platform:available"]["IDR"]
    assert held == sum(line.amount_minor - line.fee_minor for line in lines)
    assert list(shop.provider.statement(now + timedelta(hours=1), now + timedelta(hours=2))) == []
