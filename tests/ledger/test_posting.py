"""The only writer of money: once, balanced, append-only, in the transaction of its fact (I5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from engine.core.ids import uuid7
from engine.ledger import accounts, posting
from engine.ledger.balances import balances
from engine.ledger.models import Account, Delta, Transfer
from tests.ledger.conftest import NOW, leg, sums

Make = Callable[[int], list[int]]


def test_a_posting_outside_a_transaction_is_refused(committed: None, make_accounts: Make) -> None:
    one, two = make_accounts(2)
    with pytest.raises(RuntimeError, match="transaction"):
        posting.post([leg(one, two, 5)], machine_at=NOW)
    assert not Transfer.objects.exists()
    assert not Delta.objects.exists()


def test_a_posting_moves_money_from_credit_to_debit(db: None, make_accounts: Make) -> None:
    one, two = make_accounts(2)
    posting.post([leg(one, two, 500)], machine_at=NOW)
    assert balances([one, two]) == {one: 500, two: -500}


def test_the_same_fact_is_booked_once(db: None, make_accounts: Make) -> None:
    one, two = make_accounts(2)
    source = uuid7()
    posting.post([leg(one, two, 5, source_id=source)], machine_at=NOW)
    with pytest.raises(IntegrityError, match="one_transfer_per_fact"), transaction.atomic():
        posting.post([leg(one, two, 5, source_id=source)], machine_at=NOW)
    with pytest.raises(IntegrityError, match="one_transfer_per_fact"), transaction.atomic():
        # Neither another amount nor other accounts make it another fact.
        posting.post([leg(two, one, 7, source_id=source), leg(one, two, 9)], machine_at=NOW)
    assert balances([one, two]) == {one: 5, two: -5}


def test_a_batch_with_the_same_fact_twice_books_nothing(db: None, make_accounts: Make) -> None:
    one, two = make_accounts(2)
    source = uuid7()
    with pytest.raises(IntegrityError, match="one_transfer_per_fact"), transaction.atomic():
        posting.post([leg(one, two, 5, source_id=source), leg(one, two, 5, source_id=source)], machine_at=NOW)
    assert balances([one, two]) == {one: 0, two: 0}


@pytest.mark.parametrize("amount", [0, -1])
def test_a_transfer_moves_something(db: None, make_accounts: Make, amount: int) -> None:
    one, two = make_accounts(2)
    with pytest.raises(IntegrityError, match="a_transfer_moves_something"), transaction.atomic():
        posting.post([leg(one, two, amount)], machine_at=NOW)


def test_a_transfer_has_two_ends(db: None, make_accounts: Make) -> None:
    (one,) = make_accounts(1)
    with pytest.raises(IntegrityError, match="a_transfer_has_two_ends"), transaction.atomic():
        posting.post([leg(one, one, 5)], machine_at=NOW)


def test_an_account_that_is_not_there_is_refused(db: None, make_accounts: Make) -> None:
    (one,) = make_accounts(1)
    with pytest.raises(IntegrityError, match="1 of 1 legs"):
        posting.post([leg(one, 2**40, 5)], machine_at=NOW)


def test_a_posting_dies_with_its_fact(db: None, make_accounts: Make) -> None:
    one, two = make_accounts(2)
    with transaction.atomic():
        posting.post([leg(one, two, 5)], machine_at=NOW)
        transaction.set_rollback(True)
    assert balances([one, two]) == {one: 0, two: 0}
    assert sums() == {}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE engine_ledger_transfer SET amount_minor = amount_minor + 1",
        "UPDATE engine_ledger_transfer SET business_at = business_at + interval '1 day'",
        "DELETE FROM engine_ledger_transfer",
        "TRUNCATE engine_ledger_transfer",
    ],
)
def test_the_database_refuses_to_change_what_was_booked(
    db: None, make_accounts: Make, statement: str
) -> None:
    one, two = make_accounts(2)
    posting.post([leg(one, two, 5)], machine_at=NOW)
    connection.check_constraints()
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert sums() == {one: 5, two: -5}


def test_a_guarded_account_is_exact_at_once_and_never_overdrawn(db: None, make_accounts: Make) -> None:
    outside, wallet = make_accounts(2)
    Account.objects.filter(pk=wallet).update(guarded=True)
    posting.post([leg(outside, wallet, 10)], machine_at=NOW)
    assert Account.objects.get(pk=wallet).balance_minor == -10
    assert not Delta.objects.filter(account_id=wallet).exists()
    with pytest.raises(IntegrityError, match="guarded_account_not_overdrawn"), transaction.atomic():
        posting.post([leg(wallet, outside, 11)], machine_at=NOW)
    assert balances([wallet]) == {wallet: -10}


def test_an_account_is_made_once_per_kind_owner_and_currency(db: None) -> None:
    owner = uuid7()
    keys = {
        accounts.Key("test", "USDC", owner),
        accounts.Key("test", "SOL", owner),
        accounts.Key("test", "SOL"),
    }
    first = accounts.ensure(keys)
    accounts.forget()
    assert accounts.ensure(keys) == first
    assert Account.objects.filter(kind="test").count() == 3


def test_an_account_made_in_a_rolled_back_transaction_is_not_remembered(db: None) -> None:
    key = accounts.Key("test", "USDC", uuid7())
    with transaction.atomic():
        accounts.ensure([key])
        transaction.set_rollback(True)
    found = accounts.ensure([key])[key]
    assert Account.objects.filter(pk=found).exists()
