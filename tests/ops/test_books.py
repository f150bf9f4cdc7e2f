"""Every rule of the books is broken in every way (breaks*.py), and is the one that is found broken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import connection, transaction

from engine.core import clock
from engine.core.actor import Actor, Role
from engine.core.ids import uuid7
from engine.ledger import rollup
from engine.ledger.models import Account, Transfer
from engine.providers.base import FailureClass, Finding, Outcome
from engine.providers.setups import SetupCharge
from ops import books
from ops.checks import CHECKS
from payments import refund, setup_charge, suspense
from payments import settle as ends
from payments.models import Attempt, Case, Evidence, Payment, PaymentMethod, Refund
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.ops.breaks import BREAKS as MOST_BREAKS
from tests.ops.breaks import SOUND
from tests.ops.breaks_disputes import DISPUTES
from tests.ops.breaks_late import LATE
from tests.ops.breaks_refunds import REFUNDS
from tests.ops.breaks_reversed import REVERSED
from tests.ops.breaks_setups import SETUPS
from tests.ops.breaks_taken_out import TAKEN_OUT
from tests.ops.listed import LISTED, NOT_LISTED
from tests.ops.world import NETWORK, WHOLE, refused_for_us, say, settle
from tests.payments.scripted import paid

BREAKS = (*MOST_BREAKS, *TAKEN_OUT, *LATE, *REVERSED, *REFUNDS, *SETUPS, *DISPUTES)


def broken(**limits: float) -> list[str]:
    return [result.name for result in books.examine(**limits).broken]


LEVEL = """
    UPDATE engine_ledger_account a SET balance_minor = coalesce(
        (SELECT sum(CASE WHEN t.debit_id = a.id THEN t.amount_minor ELSE -t.amount_minor END)
           FROM engine_ledger_transfer t WHERE a.id IN (t.debit_id, t.credit_id)), 0);
    DELETE FROM engine_ledger_delta"""


def sabotage(statement: str, payments: dict[str, object], *, level: bool = False) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("ALTER TABLE payments_attempt DROP CONSTRAINT IF EXISTS one_attempt_per_identity")
        cursor.execute("DROP INDEX IF EXISTS one_unresolved_attempt_per_payment")
        cursor.execute(statement, {name: str(key) for name, key in payments.items()})
        assert cursor.rowcount > 0, "the sabotage changed nothing"
        if level:
            cursor.execute(LEVEL)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def payments(standing_payments) -> dict[str, UUID]:
    return standing_payments


@contextmanager
def undone() -> Iterator[None]:
    """What is done inside is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def decide(payments: dict[str, UUID], verb: str) -> None:
    """An approver ends the payment that differs, or says whose its case's money is, or that of what came `late.`; or
    gives back what was paid. `set_up`: somebody paid 500 so that their method is kept, 7 of it the gateway's.
    """
    why = {"reason": "a drill", "by": Actor("ada", "user", Role.APPROVER)}
    if verb == "end_payment":
        ends.end_payment(payments["differs"], **why)
    elif verb.startswith("refund"):
        refund.request(payments["paid"], amount_minor=400 if verb == "refund" else None, **why)
    elif verb == "record":
        refund.record(Refund.objects.get().pk, reference="SEPA 4711", **why)
    elif verb == "set_up":
        payments["back"] = _set_up()
    else:
        whose, _, verb = verb.rpartition(".")
        getattr(suspense, verb)(Case.objects.get(payment_id=payments[whose or "differs"]).pk, **why)


def _set_up() -> UUID:
    method = PaymentMethod.objects.create(
        id=uuid7(), customer_id=uuid7(), provider="scripted", currency="USDC", created_at=clock.machine_now()
    )
    booked = setup_charge.book(method, SetupCharge("tx_1", "tx_1", "setup-1", 500, "USDC", 7))
    assert booked is not None
    return booked.pk


def test_sound_books_have_nothing_broken(payments, scripted):
    assert len(payments) == 6
    assert Transfer.objects.count() > 20
    assert broken() == []
    rollup.roll_up()
    assert broken() == []


@pytest.mark.parametrize("rule", dict.fromkeys(each.rule for each in BREAKS))
def test_the_broken_rule_is_the_one_that_is_found(rule, payments, scripted):
    """Branch by branch of its query, and the reported row shows the reason."""
    Account.objects.create(kind="payable", owner_id=uuid7(), currency="USDC")
    Account.objects.create(kind="suspense", currency="SOL")
    for each in (each for each in BREAKS if each.rule == rule):
        with undone():
            for verb in each.after:
                decide(payments, verb)
            sabotage(each.statement, payments, level=each.level)
            found = books.examine()
            assert {result.name for result in found.broken} == {rule, *each.also}, each.what
            result = next(result for result in found.results if result.name == rule)
            assert any(each.row.items() <= row.items() for row in result.examples), (
                each.what,
                result.examples,
            )
            assert result.count == each.count, (each.what, result.examples)
    assert broken() == []


@pytest.mark.parametrize("what", SOUND)
def test_what_only_looks_broken_is_not(what, payments, scripted):
    sabotage(SOUND[what], payments)
    assert broken() == []


def test_the_network_takes_its_fee_for_what_is_nobodys_fault_and_once_for_what_differs(payments, scripted):
    """Refused for the payee's fault, and a difference that was seen twice."""
    closed = Finding(Outcome.DECLINED, FailureClass.TECHNICAL, "payee_closed", "closed", **NETWORK)
    say(payments["pending"], closed)
    say(payments["differs"], paid(**(WHOLE | NETWORK | {"gross_minor": 900, "movement_id": "other"})))
    assert Payment.objects.get(pk=payments["pending"]).state == "scheduled"
    assert Transfer.objects.filter(kind="attempt.network_fee").count() == 5
    assert broken() == []


def test_money_out_of_nothing_is_found(payments, scripted):
    """A currency can only fail to cancel out by a transfer between two currencies."""
    usdc, sol = (Account.objects.create(kind="write_off", currency=code) for code in ("USDC", "SOL"))
    key, other = uuid7(), uuid7()
    sabotage(
        f"""
        WITH t AS (INSERT INTO engine_ledger_transfer VALUES
          ('{key}', 'made.up', '{other}', 0, 'USDC', 5, '2026-01-01', '2026-01-01', {sol.pk}, {usdc.pk}))
        INSERT INTO engine_ledger_delta (account_id, amount_minor) VALUES ({usdc.pk}, 5), ({sol.pk}, -5)""",
        {},
    )
    assert broken() == ["currency_sums", "transfer_currencies"]


def test_every_rule_that_can_be_broken_is_broken_here():
    assert {check.name for check in CHECKS if check.violation} == {
        *(each.rule for each in BREAKS),
        "currency_sums",
    }


def test_what_waits_is_listed_and_breaks_nothing(payments, scripted):
    found = {result.name: result for result in books.examine().results}
    assert [row["open_minor"] for row in found["suspense"].examples] == [25, 875]
    assert sum(row["open_minor"] for row in found["unapplied"].examples) == 1000
    for name, payment in (("suspense", "differs"), ("unapplied", "late")):
        case = Case.objects.get(payment_id=payments[payment])
        named = {(row["payment_id"], row["case_id"]) for row in found[name].examples}
        assert named == {(str(payments[payment]), str(case.pk))}
    assert [row["payment_id"] for row in found["parked"].examples] == [str(payments["differs"])]
    assert found["evidence"].count == 0
    assert books.examine().broken == []


@pytest.mark.parametrize("each", LISTED, ids=[each.what for each in LISTED])
def test_what_nobody_takes_up_is_listed(each, payments, scripted):
    assert {result.name: result for result in books.examine().results}[each.rule].count == 0
    sabotage(each.statement, payments)
    found = {result.name: result for result in books.examine().results}[each.rule]
    assert (found.count, found.broken) == (1, False)
    assert each.row.items() <= found.examples[0].items()


@pytest.mark.parametrize("what", NOT_LISTED)
def test_what_somebody_takes_up_is_not_listed(what, payments, scripted):
    sabotage(NOT_LISTED[what], payments)
    found = {result.name: result for result in books.examine().results}
    assert [found[name].count for name in dict.fromkeys(each.rule for each in LISTED)] == [0, 0, 0]


def test_a_movement_under_two_attempts_and_two_readings_of_one_are_sound(payments, scripted):
    """Adopted: the first attempt's transaction was given up, and the second's look found it by its memo."""
    one = payments["waiting"]
    Payment.objects.filter(pk=one).update(next_action_at=clock.machine_now())
    scripted.looks[one] = [refused_for_us(**NETWORK)]
    settle(scripted)
    assert broken() == []
    first = Attempt.objects.get(payment_id=one)
    time.sleep(0.1)
    scripted.looks[one] = [paid(**WHOLE, **NETWORK, movement_id="sig-1")]
    settle(scripted)
    adopted = paid(**WHOLE, **NETWORK, movement_id="sig-1")
    evidence.store([Said(first.pk, one, 1, "lookup", adopted)])
    say(payments["differs"], paid(**WHOLE, **NETWORK, movement_id="right"))
    states = Payment.objects.in_bulk([one, payments["differs"]])
    assert {each.state for each in states.values()} == {"succeeded"}
    assert Evidence.objects.get(attempt=first, outcome="succeeded").verdict.endswith(", booked before")
    assert broken() == []


def test_evidence_that_nobody_applies_is_listed(payments, scripted):
    attempt = Attempt.objects.get(payment_id=payments["pending"])
    evidence.store([Said(attempt.pk, payments["pending"], 1, "lookup", paid())])
    found = {result.name: result for result in books.examine(evidence_minutes=1e-9).results}
    assert found["evidence"].count == 1
    assert {result.name: result for result in books.examine().results}["evidence"].count == 0


def test_cleared_suspense_is_not_old(payments, scripted):
    """The oldest credits are the cleared ones."""
    from engine.ledger import posting

    sabotage(next(each.statement for each in BREAKS if each.rule == "suspense_old"), payments)
    suspense = Account.objects.get(kind="suspense", currency="USDC")
    income = Account.objects.get(kind="fee_income", currency="USDC")
    now = clock.machine_now()
    legs = [
        posting.Leg("suspense.cleared", uuid7(), 0, suspense.pk, income.pk, "USDC", 900, now),
        posting.Leg("payment.mismatch", uuid7(), 0, income.pk, suspense.pk, "USDC", 40, now),
    ]
    posting.post(legs, machine_at=now)
    found = {result.name: result for result in books.examine().results}
    assert not found["suspense_old"].broken
    assert [row["open_minor"] for row in found["suspense"].examples] == [40]


def test_the_examples_are_ten_and_the_count_is_all(payments, scripted):
    for _ in range(12):
        Account.objects.create(kind="billed", owner_id=uuid7(), currency="EUR", balance_minor=1)
    result = next(result for result in books.examine().results if result.name == "balances")
    assert (result.count, len(result.examples)) == (12, 10)
