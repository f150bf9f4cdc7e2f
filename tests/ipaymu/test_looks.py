"""The truth by iPaymu's own transaction: each status, what contradicts itself, and more than one under a reference."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.core import clock
from engine.providers.base import FailureClass, Known, Outcome
from engine.providers.ipaymu import transaction
from engine.providers.ipaymu.words import Status
from tests.ipaymu.shop import AMOUNT, FEE, NAME, Shop


@pytest.mark.parametrize("channel", ["", "va:bni"])
@pytest.mark.parametrize(("outcome", "expected", "code", "failure"), [
    ("paid", Outcome.SUCCEEDED, "paid", FailureClass.NONE),
    ("expired", Outcome.DECLINED, "link_expired", FailureClass.PAYER_ACTION),
    ("cancelled", Outcome.DECLINED, "link_cancelled", FailureClass.PAYER_ACTION),
    ("failed", Outcome.DECLINED, "payment_failed", FailureClass.SOFT_DECLINE),
    ("escrow", Outcome.PENDING, "in_escrow", FailureClass.NONE),
    ("error", Outcome.UNKNOWN, "provider_error", FailureClass.UNKNOWN),
])  # fmt: skip
def test_each_status_has_its_meaning(shop: Shop, channel: str, outcome: str, expected: Outcome, code: str,
                                     failure: FailureClass) -> None:  # fmt: skip
    made = shop.make(channel=channel)
    shop.look_at(made)
    shop.end(made.number, outcome)
    found = shop.look_when_over(made)
    assert (found.outcome, found.code, found.failure_class) == (expected, code, failure)
    assert [amount for _, amount in shop.collected()] == ([AMOUNT] if outcome == "paid" else [])


def test_money_that_may_not_be_used_yet_has_arrived(shop: Shop) -> None:
    shop.world.configure(NAME, settle_seconds=86_400)
    made = shop.make(channel="va:bni")
    shop.end(made.number)
    found = shop.look_at(made)
    assert (found.outcome, found.code, found.detail["settled"]) == (
        Outcome.SUCCEEDED,
        "paid_unsettled",
        False,
    )
    shop.world.advance(86_401)
    assert shop.look_at(made).code == "paid"


@pytest.mark.parametrize("channel", ["", "va:bni"])
def test_what_was_paid_and_given_back_is_taken_back(shop: Shop, channel: str) -> None:
    made = shop.make(channel=channel)
    shop.look_at(made)
    shop.end(made.number)
    shop.end(made.number, "refunded")
    found = shop.look_when_over(made)
    assert (found.outcome, found.code) == (Outcome.REVERSED, "taken_back")
    assert found.network_fee_minor == FEE  # it keeps that
    if not channel:
        shop.again(made.sendable.identity)
        assert shop.look_at(made).outcome is Outcome.PENDING


def test_a_word_that_nobody_knows_is_unknown_and_its_look_is_kept(shop: Shop) -> None:
    made = shop.make(channel="va:bni")
    shop.end(made.number)
    shop.world.fault("unknown_status", provider=NAME, count=1)
    found = shop.look_at(made)
    assert (found.outcome, found.code, found.detail["status"]) == (
        Outcome.UNKNOWN,
        "status_unknown",
        "reconsidering",
    )
    assert found.detail["trace"]["status"] == 200
    assert shop.look_at(made).outcome is Outcome.SUCCEEDED


def test_another_amount_is_said_as_it_is_shown(shop: Shop) -> None:
    made = shop.make(channel="va:bni")
    shop.end(made.number)
    shop.world.fault("wrong_amount", provider=NAME, count=1)
    assert shop.look_at(made).gross_minor == AMOUNT + 100
    assert shop.look_at(made).gross_minor == AMOUNT


@pytest.mark.parametrize("kind", ["malformed_json", "lookup_404_for"])
def test_a_look_that_can_not_be_read_ends_nothing(shop: Shop, kind: str) -> None:
    made = shop.make(channel="va:bni")
    shop.end(made.number)
    shop.world.fault(kind, provider=NAME, count=1)
    assert shop.look_at(made).outcome is Outcome.UNKNOWN
    assert shop.look_at(made).outcome is Outcome.SUCCEEDED


ROW = {"TransactionId": 7, "ReferenceId": "r", "Status": 1}
READINGS = [
    ({"Amount": AMOUNT, "SubTotal": AMOUNT, "Fee": FEE}, (AMOUNT, FEE)),
    ({"Amount": "102000", "SubTotal": "102000.00", "Fee": "714"}, (AMOUNT, FEE)),
    ({"Amount": AMOUNT + FEE, "SubTotal": AMOUNT, "Fee": FEE}, (AMOUNT, 0)),  # the payer bears the fee
    ({"Amount": AMOUNT + FEE, "Fee": FEE}, (AMOUNT, 0)),
    ({"Amount": AMOUNT, "Fee": FEE}, (AMOUNT, FEE)),
    ({"Amount": AMOUNT}, (AMOUNT, 0)),
    ({"Amount": AMOUNT + 5, "Fee": FEE}, (AMOUNT + 5, FEE)),
    ({"Amount": AMOUNT + 5, "SubTotal": AMOUNT, "Fee": FEE}, None),
    ({"Amount": AMOUNT, "SubTotal": AMOUNT, "Fee": -1}, None),
    ({"Amount": "102000.50"}, None),
    ({"Amount": True}, None),
    ({"Amount": 0}, None),
    ({"SubTotal": AMOUNT}, None),
]  # fmt: skip


@pytest.mark.parametrize(("amounts", "expected"), READINGS)
def test_amounts_are_compared_without_the_payers_own_fee(
    amounts: dict, expected: tuple[int, int] | None
) -> None:
    found = transaction.read(ROW | amounts, asked_minor=AMOUNT)
    assert (found and (found.asked_minor, found.fee_minor)) == expected


@pytest.mark.parametrize(("status", "known"), [(1, Status.SUCCESS), ("-2", Status.EXPIRED), (8, None),
                                               ("berhasil", None), (True, None), (1.0, None)])  # fmt: skip
def test_a_status_is_a_known_number_or_unknown(status: object, known: Status | None) -> None:
    found = transaction.read({**ROW, "Amount": 1, "Status": status}, asked_minor=1)
    assert found is not None and found.status is known


def test_a_transaction_of_another_payment_is_not_ours(shop: Shop) -> None:
    ours, theirs = shop.make(channel="va:bni"), shop.make(channel="va:bni")
    shop.end(theirs.number)
    ours.known = theirs.known
    assert shop.look_at(ours).code == "reference_differs"


def test_a_page_is_over_only_when_nothing_that_was_begun_on_it_is_open_or_paid(shop: Shop) -> None:
    made = shop.make()
    shop.look_at(made)
    second = shop.again(made.sendable.identity)
    shop.end(made.number, "expired")
    assert shop.look_at(made).outcome is Outcome.PENDING
    shop.end(second)
    found = shop.look_at(made)
    assert (found.outcome, found.movement_id, found.gross_minor) == (Outcome.SUCCEEDED, str(second), AMOUNT)


@pytest.mark.parametrize("outcome", ["expired", "cancelled", "failed", "refunded"])
def test_a_page_on_which_one_payment_ended_may_be_paid_until_its_own_time_is_over(
    shop: Shop, outcome: str
) -> None:
    """The money rule: DECLINED lets a second link be made, and both could be paid."""
    made = shop.make()
    shop.look_at(made)
    if outcome == "refunded":
        shop.end(made.number)
    shop.end(made.number, outcome)
    assert shop.look_at(made).outcome is Outcome.PENDING
    assert shop.look_when_over(made).outcome in (Outcome.DECLINED, Outcome.REVERSED)


def test_a_page_that_was_paid_twice_is_another_amount(shop: Shop) -> None:
    made = shop.make()
    shop.look_at(made)
    first, second = made.number, shop.again(made.sendable.identity)
    for number in (first, second):
        shop.end(number)
    found = shop.look_at(made)
    assert (found.outcome, found.gross_minor) == (Outcome.SUCCEEDED, 2 * AMOUNT)
    assert found.movement_id == f"{first}+{second}"
    assert sum(amount for _, amount in shop.collected()) == found.gross_minor


def test_of_two_that_were_booked_as_one_the_rest_is_not_booked_once_more(shop: Shop) -> None:
    made = shop.make()
    shop.look_at(made)
    first, second = made.number, shop.again(made.sendable.identity)
    for number in (first, second):
        shop.end(number)
    shop.look_at(made)
    made.known = Known(str(first), movements=(f"{first}+{second}",))
    assert shop.look_at(made).movement_id == f"{first}+{second}"
    made.known = Known(str(first), movements=(f"{first}+{second}",))
    shop.end(second, "refunded")
    assert shop.look_at(made).code == "partly_paid"


def test_a_page_that_nobody_opened_waits_until_it_is_over(shop: Shop) -> None:
    """The history may not list it: its own end says when nothing can be begun on it any more."""
    shop.world.configure(NAME, links_listed=False)
    made = shop.make()
    assert (shop.look_at(made).outcome, made.known.provider_ref[:8]) == (Outcome.PENDING, "session:")
    now = clock.machine_now()
    for ago, outcome in ((timedelta(minutes=59), Outcome.PENDING), (timedelta(minutes=61), Outcome.DECLINED)):
        found = shop.look_at(made, expires_at=(now - ago).isoformat())
        assert found.outcome is outcome
    assert (found.code, found.failure_class) == ("link_expired", FailureClass.PAYER_ACTION)


def test_where_no_creation_was_answered_its_absence_proves_nothing(shop: Shop) -> None:
    shop.world.configure(NAME, links_listed=False)
    shop.world.fault("reset_after_success", provider=NAME, count=1)
    made = shop.make()
    found = shop.look_at(made, expires_at=(clock.machine_now() - timedelta(days=1)).isoformat())
    assert (found.outcome, found.code) == (Outcome.MISSING, "not_in_history")
