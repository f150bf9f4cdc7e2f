"""Transfers: who is paid is named first, the reference moves the money once, and every end has its word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.core.errors import Refusal
from engine.providers.base import FailureClass, Known, Outcome
from engine.providers.paystack import bulk
from sandbox.gateways.control import Gateways
from tests.paystack.desk import AVAILABLE, BANK, Desk
from tests.paystack.recorder import Recorder

TRANSFER, NAMED = "POST /transfer$", "POST /transferrecipient"


def named(desk: Desk, account: str = "0001234567") -> str:
    """A recipient that is there."""
    one = desk.payout(**{**BANK, "account_number": account})
    step = next(desk.provider.submit_in_steps(one))
    return str(step.detail["recipient_code"])


def test_a_payout_names_its_payee_and_arrives_once(rich: Gateways, desk: Desk, calls: Recorder) -> None:
    one = desk.payout()
    found = desk.send(one)
    assert (found.outcome, found.code) == (Outcome.PENDING, "transfer_pending")
    assert found.provider_ref.startswith("TRF_") and desk.moved("payout") == []
    rich.advance(6)
    ended = desk.look(one, found)
    assert (ended.outcome, ended.gross_minor, ended.movement_id) == (
        Outcome.SUCCEEDED, 5_000, found.provider_ref,
    )  # fmt: skip
    assert (ended.network_fee_minor, ended.network_currency) == (1_000, "NGN")
    assert desk.moved("payout") == [5_000] and calls.routes()[:2] == [NAMED, "POST /transfer"]
    assert rich.balances()[AVAILABLE] == {"NGN": 1_000_000 - 5_000 - 1_000}


def test_the_payee_is_a_step_that_is_not_made_again(rich: Gateways, desk: Desk, calls: Recorder) -> None:
    one = desk.payout()
    steps = desk.provider.submit_in_steps(one)
    step = next(steps)
    assert (step.outcome, step.code) == (Outcome.STEP, "recipient") and desk.moved("hold") == []
    steps.close()
    known = Known(steps={"recipient": dict(step.detail)})
    again = desk.provider.submit(replace(one, known=known))
    assert again.outcome is Outcome.PENDING
    assert calls.routes() == [NAMED, "POST /transfer"] and desk.moved("hold") == [5_000]


def test_zeros_before_an_account_are_kept(rich: Gateways, desk: Desk, calls: Recorder) -> None:
    desk.send(desk.payout(**{**BANK, "account_number": "0000000123"}))
    assert b'"0000000123"' in calls.calls[0][0].body


@pytest.mark.parametrize(
    "kind", ["500_before", "timeout_after_success", "429", "auth_revoked", "malformed_json"]
)
def test_no_money_leaves_before_the_payee_is_named(
    rich: Gateways, desk: Desk, hasty: None, kind: str
) -> None:
    rich.fault(kind, route=NAMED, count=1)
    found = desk.send(desk.payout())
    assert found.outcome is Outcome.NOT_LEFT and desk.moved("hold") == []


def test_an_account_that_no_bank_knows_is_a_hard_no(rich: Gateways, desk: Desk) -> None:
    found = desk.send(desk.payout(**{**BANK, "account_number": "0000000000"}))
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.HARD_DECLINE)
    assert found.code == "account_invalid" and desk.moved("hold") == []


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ("failed", FailureClass.SOFT_DECLINE, "transfer_failed"),
        ("blocked", FailureClass.HARD_DECLINE, "transfer_blocked"),
        ("rejected", FailureClass.HARD_DECLINE, "transfer_rejected"),
        ("abandoned", FailureClass.TECHNICAL, "otp_not_given"),
        ("reversed", FailureClass.SOFT_DECLINE, "transfer_reversed"),  # it had arrived
    ],
)
def test_a_transfer_that_does_not_stay_is_conclusive(
    rich: Gateways, desk: Desk, status: str, kind: FailureClass, code: str
) -> None:
    one = desk.payout()
    rich.decide("paystack", one.identity, outcome=status)
    desk.send(one)
    rich.advance(6)
    found = desk.look(one)
    outcome = Outcome.REVERSED if status == "reversed" else Outcome.DECLINED
    assert (found.outcome, found.failure_class, found.code) == (outcome, kind, code)
    assert found.network_fee_minor == 1_000, "what it cost is booked all the same"
    assert rich.balances()[AVAILABLE] == {"NGN": 1_000_000 - 1_000}


@pytest.mark.parametrize("status", ["received", "pending"])
def test_what_is_on_its_way_is_looked_at(rich: Gateways, desk: Desk, status: str) -> None:
    one = desk.payout()
    rich.decide("paystack", one.identity, outcome=status)
    assert desk.send(one).code == f"transfer_{status}" and desk.look(one).outcome is Outcome.PENDING


def test_a_password_is_the_operators_to_switch_off(rich: Gateways, desk: Desk) -> None:
    rich.configure("paystack", transfer_otp=True)
    one = desk.payout()
    found = desk.send(one)
    assert (found.outcome, found.code) == (Outcome.PENDING, "otp_needed")
    assert "an operator" in found.message and desk.moved("payout") == []
    rich.advance(1801)
    assert desk.look(one).code == "otp_not_given"


@pytest.mark.parametrize("repeated", ["same", "reject"])
@pytest.mark.parametrize(
    "kind", ["timeout_after_success", "reset_after_success", "500_after_success", "500_before"]
)
def test_a_lost_answer_moves_money_once_whichever_way_a_repeat_is_answered(
    rich: Gateways, desk: Desk, hasty: None, kind: str, repeated: str
) -> None:
    rich.configure("paystack", repeated_transfer=repeated)
    one = desk.payout(recipient_code=named(desk))
    rich.fault(kind, route=TRANSFER, count=1)
    assert desk.send(one).outcome is Outcome.UNKNOWN
    seen = desk.look(one)
    assert seen.outcome is (Outcome.MISSING if kind == "500_before" else Outcome.PENDING)
    assert desk.send(one).outcome is Outcome.PENDING
    rich.advance(6)
    assert desk.look(one).outcome is Outcome.SUCCEEDED and desk.moved("payout") == [5_000]


def test_a_second_send_that_is_refused_adopts_the_first(rich: Gateways, desk: Desk, hasty: None) -> None:
    one = desk.payout(recipient_code=named(desk), amount=900_000)
    rich.fault("timeout_after_success", route=TRANSFER, count=1)
    assert desk.send(one).outcome is Outcome.UNKNOWN
    rich.configure("paystack", repeated_transfer="reject")
    again = desk.send(replace(one, send_no=2))
    assert again.outcome is Outcome.PENDING and desk.moved("hold") == [900_000]


def test_a_transfer_may_come_back_days_later(rich: Gateways, desk: Desk) -> None:
    rich.fault("paid_then_failed", route=TRANSFER, days=3)
    one = desk.payout()
    desk.send(one)
    rich.advance(6)
    done = desk.look(one)
    rich.advance(3 * 86_400)
    back = desk.look(one, done)
    assert (done.outcome, back.outcome) == (Outcome.SUCCEEDED, Outcome.REVERSED)
    assert back.provider_ref == done.movement_id and desk.moved("return") == [5_000]
    again = desk.send(one)
    assert (again.outcome, again.code) == (Outcome.PENDING, "verify"), "only a look takes a success back"


def test_a_success_is_verified_before_it_counts(rich: Gateways, desk: Desk) -> None:
    rich.configure("paystack", transfer_seconds=0)
    rich.fault("500_before", route="GET /transfer/verify", count=1)
    one = desk.payout(recipient_code=named(desk))
    found = desk.send(one)
    assert (found.outcome, found.code) == (Outcome.PENDING, "verify") and desk.moved("payout") == [5_000]
    assert desk.look(one, found).outcome is Outcome.SUCCEEDED


def test_a_balance_that_is_too_low_waits_for_us(world: Gateways, desk: Desk) -> None:
    found = desk.send(desk.payout())
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.TECHNICAL)
    assert found.code == "balance_too_low" and desk.moved("hold") == []


@pytest.mark.parametrize(
    "payee", [{"recipient_code": ""}, {"account_number": "0001234567"}, {**BANK, "bank_code": 58}]
)
def test_a_payee_without_an_account_is_refused_before(desk: Desk, payee: dict[str, object]) -> None:
    with pytest.raises(Refusal) as refused:
        desk.payout(**payee)
    assert refused.value.code == "payee_incomplete"


def test_many_go_in_one_call_and_each_for_itself(rich: Gateways, desk: Desk, calls: Recorder) -> None:
    code = named(desk)
    many = [desk.payout(recipient_code=code) for _ in range(6)]
    rich.fault("bulk_partial", route="POST /transfer/bulk", share_of_items=0.5)
    rich.fault("bulk_shuffled", route="POST /transfer/bulk")
    found = bulk.send(desk.provider.client, many)
    assert calls.routes().count("POST /transfer/bulk") == 1
    rich.advance(6)
    ends = {one.attempt_id: desk.look(one).outcome for one in many}
    assert {each for each, said in found.items() if said.outcome is Outcome.DECLINED} == {
        each for each, end in ends.items() if end is Outcome.DECLINED
    }
    arrived = [end for end in ends.values() if end is Outcome.SUCCEEDED]
    assert 0 < len(arrived) < 6 and len(desk.moved("payout")) == len(arrived)


def test_an_item_that_the_answer_does_not_name_is_unknown(rich: Gateways, desk: Desk) -> None:
    code = named(desk)
    many = [desk.payout(recipient_code=code) for _ in range(3)]
    rich.fault("bulk_missing", route="POST /transfer/bulk", count=1)
    found = bulk.send(desk.provider.client, many)
    (unnamed,) = [one for one in many if found[one.attempt_id].outcome is Outcome.UNKNOWN]
    assert found[unnamed.attempt_id].code == "not_in_answer"
    rich.advance(6)
    assert desk.look(unnamed).outcome is Outcome.SUCCEEDED and desk.moved("payout") == [5_000] * 3


def test_a_refusal_of_the_whole_proves_nothing_of_its_items(rich: Gateways, desk: Desk) -> None:
    many = [desk.payout(recipient_code=code) for code in (named(desk), "RCP_nobody")]
    found = bulk.send(desk.provider.client, many)
    assert {each.outcome for each in found.values()} == {Outcome.UNKNOWN}
    assert desk.moved("hold") == [5_000], "the first was taken before the second was refused"
    assert [desk.look(one).outcome for one in many] == [Outcome.PENDING, Outcome.MISSING]


def test_a_bulk_that_got_no_answer_is_found_one_by_one(rich: Gateways, desk: Desk, hasty: None) -> None:
    code = named(desk)
    many = [desk.payout(recipient_code=code) for _ in range(3)]
    rich.fault("timeout_after_success", route="POST /transfer/bulk", count=1)
    assert {each.outcome for each in bulk.send(desk.provider.client, many).values()} == {Outcome.UNKNOWN}
    assert {desk.look(one).outcome for one in many} == {Outcome.PENDING}


def test_what_can_not_go_in_one_call(desk: Desk) -> None:
    for many in ([], [desk.payout()]):
        with pytest.raises(ValueError):
            bulk.send(desk.provider.client, many)
