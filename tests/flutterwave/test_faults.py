"""Whatever goes wrong on the way: nothing is guessed, the look-up tells, and money moves once at most."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from engine.providers.base import Outcome, ProviderUnavailable
from engine.providers.flutterwave import account
from engine.providers.flutterwave.provider import Flutterwave
from tests.flutterwave.conftest import Change
from tests.flutterwave.desk import Desk, asked_of

# The other faults of a charge end the same for every provider: tests/conformance.
LOST: list[tuple[str, dict[str, Any]]] = [
    ("500_after_success", {}), ("500_after_success", {"status": 503, "stored": False}), ("unknown_status", {}),
    ("wrong_amount", {}), ("wrong_currency", {"text": "USD"}),
]  # fmt: skip
NEVER: list[tuple[str, dict[str, Any]]] = [
    ("500_before", {}), ("500_before", {"status": 503}), ("html_502", {}), ("outage", {"count": 1}),
    ("outage", {"count": 1, "style": "503"}),
]  # fmt: skip


def breaks(desk: Desk, kind: str, **members: Any) -> None:
    """The next request to this version goes wrong."""
    desk.world.fault(kind, provider=desk.mount, **{"count": 1, **members})


@pytest.mark.parametrize(("kind", "members"), LOST)
def test_an_answer_that_is_lost_or_lies_is_unknown_until_it_is_looked_up(
    desk: Desk, kind: str, members: dict[str, Any]
) -> None:
    breaks(desk, kind, **members)
    sent = desk.prepare(desk.charge())
    found = desk.send(sent)
    assert found.outcome is Outcome.UNKNOWN and not found.detail.get("park"), found
    looked = desk.look(sent)
    assert (looked.outcome, looked.gross_minor, looked.currency) == (Outcome.SUCCEEDED, 30_050, "NGN")
    assert len(desk.moved()) == 1


@pytest.mark.parametrize("kind", ["timeout_after_success", "drip"])
def test_a_gateway_that_keeps_silent_or_drips_is_unknown_in_time(hasty: Desk, kind: str) -> None:
    sent = hasty.prepare(hasty.charge())
    breaks(hasty, kind)
    found = hasty.send(sent)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "timeout")
    assert hasty.look(sent).outcome is Outcome.SUCCEEDED and len(hasty.moved()) == 1


@pytest.mark.parametrize(("kind", "members"), NEVER)
def test_what_may_never_have_begun_is_missing_which_proves_nothing(
    desk: Desk, kind: str, members: dict[str, Any]
) -> None:
    sent = desk.prepare(desk.charge())
    breaks(desk, kind, **members)
    assert desk.send(sent).outcome is Outcome.UNKNOWN
    assert desk.look(sent).outcome is Outcome.MISSING and desk.moved() == []


def test_a_503_after_28_seconds_is_waited_for(hasty: Desk) -> None:
    """In tenths of a second and less; a client that hangs up before calls it a timeout."""
    assert account.READ_PART * 10 >= 35 and account.DEADLINE_PART * 10 == 40
    sent = hasty.prepare(hasty.charge())
    breaks(hasty, "slow", delay_ms=560)
    breaks(hasty, "500_after_success", status=503)
    found = hasty.send(sent)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "http_503")
    assert hasty.look(sent).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("retry_after", [7, 0])
def test_too_many_requests_did_not_begin(desk: Desk, retry_after: int) -> None:
    sent = desk.prepare(desk.charge())
    breaks(desk, "429", retry_after=retry_after)
    found = desk.send(sent)
    assert (found.outcome, found.code) == (Outcome.NOT_LEFT, "rate_limited")
    assert found.retry_seconds == (retry_after or None) and desk.moved() == []


def test_refused_credentials_wait_and_fail_nobody(desk: Desk) -> None:
    sent = desk.prepare(desk.charge())
    breaks(desk, "auth_revoked", count=None)
    found = desk.send(sent)
    assert (found.outcome, found.code) == (Outcome.NOT_LEFT, "credentials_refused")
    with pytest.raises(ProviderUnavailable) as refused:
        desk.look(sent)
    assert refused.value.code == "credentials_refused"


def test_nobody_there_is_not_left(desk: Desk, change: Change) -> None:
    sent = desk.prepare(desk.charge())
    change(flutterwave_url="http://127.0.0.1:9")
    desk.provider = Flutterwave()
    found = desk.send(sent)
    assert (found.outcome, found.code) == (Outcome.NOT_LEFT, "unreachable")


def test_the_same_identity_again_moves_nothing_twice(desk: Desk) -> None:
    """v4 replays; v3 refuses the reference. Either way the look-up tells what is."""
    sent = desk.pay(desk.charge())
    again = desk.send(sent)
    if desk.version == "v4":
        assert again.outcome is Outcome.SUCCEEDED
    else:
        assert (again.outcome, again.code) == (Outcome.UNKNOWN, "duplicate_reference")
    assert desk.look(sent).outcome is Outcome.SUCCEEDED and len(desk.moved()) == 1


@pytest.mark.parametrize(("kind", "members"), [*LOST, *NEVER, ("duplicate_key_conflict", {})])
def test_v4_sends_again_under_its_key_and_collects_once(v4: Desk, kind: str, members: dict[str, Any]) -> None:
    assert "charge" in v4.provider.sheet.resend_same_identity
    sent = v4.prepare(v4.charge())
    breaks(v4, kind, **members)
    assert v4.send(sent).outcome is Outcome.UNKNOWN
    again = v4.send(sent)
    kept = (kind, members) == (
        "500_after_success",
        {},
    )  # its key keeps even the 500: only the look-up ends that
    assert again.outcome is (Outcome.UNKNOWN if kept else Outcome.SUCCEEDED)
    assert v4.look(sent).outcome is Outcome.SUCCEEDED and len(v4.moved()) == 1


def test_a_key_that_v4_forgot_finds_the_reference_used(v4: Desk) -> None:
    sent = v4.prepare(v4.charge())
    breaks(v4, "reset_after_success")
    v4.send(sent)
    v4.world.advance(25 * 3600)
    found = v4.send(sent)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "duplicate_reference")
    assert v4.look(sent).outcome is Outcome.SUCCEEDED and len(v4.moved()) == 1


def test_a_refusal_of_a_second_send_says_nothing_of_the_first(v4: Desk) -> None:
    sent = v4.prepare(v4.charge())
    breaks(v4, "reset_after_success")
    v4.send(sent)
    envelope = sent.prepared.envelope.replace(
        b"pmd_", b"gone_"
    )  # as if the key were forgotten, and the method gone
    sent.prepared = replace(sent.prepared, identity=f"{sent.identity}x", envelope=envelope)
    found = v4.send(sent)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "object_unknown")


def test_v3_is_never_sent_again(v3: Desk) -> None:
    sheet = v3.provider.sheet
    assert not sheet.resend_same_identity and not sheet.absence_certain and sheet.lookup_by_identity


def test_what_a_look_says_of_another_amount_is_what_arrived(desk: Desk) -> None:
    """The engine books it to suspense and parks the payment; here it must be told so, and never as asked."""
    sent = desk.pay(desk.charge())
    breaks(desk, "wrong_amount", amount=1)
    found = desk.look(sent)
    assert (found.outcome, found.gross_minor, found.currency) == (Outcome.SUCCEEDED, 30_150, "NGN")
    breaks(desk, "wrong_currency", text="GHS")
    found = desk.look(sent)
    assert (found.outcome, found.gross_minor, found.currency) == (Outcome.SUCCEEDED, 30_050, "GHS")


def test_a_currency_that_nobody_knows_is_for_a_person(desk: Desk) -> None:
    sent = desk.pay(desk.charge())
    breaks(desk, "wrong_currency", text="XXX")
    found = desk.look(sent)
    assert (found.outcome, found.code, found.detail["park"]) == (Outcome.UNKNOWN, "amount_unclear", True)
    assert "300.5 XXX" in found.message


def test_a_status_that_no_paper_names_is_unknown(desk: Desk) -> None:
    sent = desk.pay(desk.charge())
    breaks(desk, "unknown_status", text="reconsidering")
    found = desk.look(sent)
    assert (found.outcome, found.code) == (
        Outcome.UNKNOWN,
        "status_unknown",
    ) and "reconsidering" in found.message


@pytest.mark.parametrize("by_id", [True, False])
def test_a_look_that_lags_is_missing_and_later_is_not(desk: Desk, by_id: bool) -> None:
    sent = desk.pay(desk.charge())
    if not by_id:
        sent.refs.clear()
    breaks(desk, "lookup_404_for", seconds=600)
    assert desk.look(sent).outcome is Outcome.MISSING
    assert desk.look(sent).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("kind", "outcome"), [("malformed_json", Outcome.UNKNOWN), ("truncated", None), ("500_before", None)]
)
def test_a_look_that_fails_says_nothing_of_the_attempt(
    desk: Desk, kind: str, outcome: Outcome | None
) -> None:
    sent = desk.pay(desk.charge())
    breaks(desk, kind)
    if outcome:
        assert desk.look(sent).outcome is outcome
    else:
        with pytest.raises(ProviderUnavailable):
            desk.look(sent)
    assert desk.look(sent).outcome is Outcome.SUCCEEDED


def test_one_look_that_fails_keeps_no_other_from_being_made(desk: Desk) -> None:
    paid = [desk.pay(desk.charge(amount=amount)) for amount in (100, 200, 300)]
    asked = {one.identity: asked_of(one) for one in paid}
    breaks(desk, "500_before", reference=paid[1].refs[-1], count=None)
    found = desk.provider.lookup(list(asked.values()))
    told: dict[UUID, int | None] = {attempt: each.gross_minor for attempt, each in found.items()}
    assert told == {asked[paid[0].identity].attempt_id: 100, asked[paid[2].identity].attempt_id: 300}


def test_what_was_never_sent_is_missing(desk: Desk) -> None:
    sent = desk.prepare(desk.charge())
    assert desk.look(sent).outcome is Outcome.MISSING
    assert desk.provider.lookup([]) == {}


def test_a_look_at_another_object_proves_nothing(desk: Desk) -> None:
    mine, other = desk.pay(desk.charge()), desk.pay(desk.charge())
    mine.refs = other.refs
    found = desk.look(mine)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "odd_answer")


def test_a_breaker_that_is_open_and_a_full_limit_wait_in_the_lane(desk: Desk, change: Change) -> None:
    change(flutterwave_calls_per_second=2)
    desk.provider = Flutterwave()
    batch = [desk.charge() for _ in range(5)]
    holds = desk.provider.context(batch)
    answers = desk.provider.prepare(batch, holds)
    assert [type(each).__name__ for each in answers] == ["Prepared"] * 2 + ["Hold"] * 3
    change(breaker_failures=1, flutterwave_calls_per_second=1000, breaker_open_seconds=30)
    desk.provider = Flutterwave()
    sent = desk.prepare(desk.charge())
    breaks(desk, "500_before", count=None)
    for _ in range(5):
        desk.send(sent)
    with pytest.raises(ProviderUnavailable) as raised:
        desk.provider.context([desk.charge()])
    assert raised.value.code == "breaker_open" and raised.value.retry_seconds
