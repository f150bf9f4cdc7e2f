"""What every provider must do, the chain's included: one suite over the whole pipeline and real HTTP.

A provider is done when it is in outsides.OUTSIDES and this passes (docs/adding-a-provider.md). Each test ends with
what no fault may break: money moved once at most, and the books say what the outside says.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import pytest

from engine.core import clock
from engine.providers.base import Outcome
from ops import books
from payments import disputes
from payments.models import Dispute, Evidence
from payments.pipeline import driver, hinted, points
from payments.pipeline.hinted import Told
from payments.pipeline.mark_sent import Marked
from tests.conformance.driven import Driven
from tests.conformance.faults import FAULTS, LIES

DAYS = 2 * 86_400


class TestConformance:
    """Each method is one promise."""

    def test_a_good_payer_pays_once(self, driven: Driven) -> None:
        paid = driven.charge()
        driven.settle(paid)
        one = driven.payment(paid)
        assert (one.state, one.settled_minor) == ("succeeded", one.amount_minor)
        assert driven.outside.paid(paid) == [(one.amount_minor, one.currency)]
        said = Evidence.objects.filter(payment_id=paid, outcome=Outcome.SUCCEEDED).latest("id")
        assert said.movement_id and said.gross_minor == one.amount_minor

    def test_each_refusal_has_its_class_and_moves_nothing(self, driven: Driven) -> None:
        for kind, failure in driven.outside.declines.items():
            refused = driven.charge(kind)
            driven.settle(refused)
            one = driven.payment(refused)
            assert (kind, one.state, one.failure_class) == (kind, "failed", failure)
            assert one.failure_code and one.failure_message
            assert driven.outside.paid(refused) == []

    @pytest.mark.parametrize("name", FAULTS)
    def test_a_fault_costs_and_doubles_nothing(self, driven: Driven, name: str) -> None:
        if not driven.outside.knows(name):
            pytest.skip("this world knows no such fault")
        hit = driven.charge()
        driven.outside.fault(name)
        driven.settle(hit)
        driven.judge(hit)
        one = driven.payment(hit)
        if one.state != "succeeded":
            may_park = name in _NEVER_BEGUN and "charge" not in driven.provider.sheet.resend_same_identity
            assert one.parked_at is not None and may_park, (name, str(one), one.parked_reason)

    @pytest.mark.parametrize("name", LIES)
    def test_what_differs_is_never_paid_by_itself(self, driven: Driven, name: str) -> None:
        if not driven.outside.knows(name):
            pytest.skip("this world tells no such lie")
        lied = driven.charge()
        driven.outside.fault(name, count=None)
        driven.settle(lied)
        one = driven.payment(lied)
        assert one.state == "in_flight" and one.parked_at is not None, (one.state, one.parked_reason)
        assert len(driven.outside.paid(lied)) <= 1

    def test_a_lost_worker_leaves_nothing_unknown(
        self, driven: Driven, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It sent and died before it could write what it heard."""
        gone = driven.charge()
        with monkeypatch.context() as death:
            death.setattr("payments.pipeline.outbound.evidence.store", lambda *_, **__: None)
            driven.send()
        assert not Evidence.objects.filter(payment_id=gone).exists()
        driven.settle(gone)
        driven.judge(gone)
        one = driven.payment(gone)
        assert one.state == "succeeded" or not driven.provider.sheet.lookup_by_identity, str(one)

    def test_the_same_identity_acts_once(self, driven: Driven) -> None:
        """Three threads send one committed attempt at the same moment; where that is not safe nobody ever does."""
        if "charge" not in driven.provider.sheet.resend_same_identity:
            pytest.skip("its sheet says that the same is never sent again")
        twice = driven.charge()
        _send_in(driven, twice, threads=3)
        driven.settle(twice)
        driven.judge(twice)

    def test_a_worker_that_was_stopped_for_ten_minutes_does_not_send(
        self, driven: Driven, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between its marks in the database and its last look at the clock."""
        late = driven.charge()
        boot = clock.boot_seconds
        stopped = False

        def reach(point: object) -> None:
            nonlocal stopped
            stopped = stopped or point == points.MARK_COMMITTED

        with monkeypatch.context() as freeze:
            freeze.setattr(points, "reach", reach)
            freeze.setattr(clock, "boot_seconds", lambda: boot() + (600 if stopped else 0))
            driven.send()
        assert driven.outside.paid(late) == []
        assert [each.code for each in Evidence.objects.filter(payment_id=late)] == ["window_over"]
        driven.settle(late)
        driven.judge(late)
        assert driven.payment(late).state == "succeeded"

    def test_one_stopped_behind_its_last_look_at_the_clock_sends_nothing_that_counts_twice(
        self, driven: Driven, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing can stop its bytes any more: another has sent the same, or proved it absent, before they leave."""
        late = driven.charge()
        here, go, real = threading.Event(), threading.Event(), points.reach

        def reach(point: str) -> None:
            real(point)
            if point == points.SEND_BEFORE_FIRST_BYTE and not here.is_set():
                here.set()
                go.wait(30)

        with monkeypatch.context() as stop:
            stop.setattr(points, "reach", reach)
            with driven.sending():
                try:
                    assert here.wait(30)
                    for _ in range(4):
                        driven.look()
                        driven.send()
                        driven.apply()
                        driven.outside.later()
                    sent = [each.send_no for each in driven.attempts(late)]
                    again = driven.provider.sheet.resend_same_identity
                    assert ("charge" in again) == (len(sent) > 1 or max(sent) > 1), sent
                finally:
                    go.set()
        driven.settle(late)
        driven.judge(late)
        assert driven.outside.paid(late)

    def test_nothing_sent_is_never_called_paid_and_absence_takes_its_time(
        self, driven: Driven, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Marked, and the worker died before the first byte. Only proved absence leads to another identity."""
        never = driven.charge()
        with monkeypatch.context() as death:
            death.setattr("payments.pipeline.driver.Outbound.put", lambda *_: None)
            death.setattr("payments.pipeline.verify._send_again", lambda *_: None)
            driven.send()
            driven.look()
        (attempt,) = driven.attempts(never)
        assert attempt.state in ("sent", "unknown")
        looked = Evidence.objects.filter(attempt=attempt, source=Evidence.Source.LOOKUP)
        assert set(looked.values_list("outcome", flat=True)) <= {Outcome.MISSING, Outcome.UNKNOWN}
        certain = "charge" in driven.provider.sheet.absence_certain
        if certain:
            driven.outside.bury(attempt)
            driven.look()
        driven.settle(never)
        driven.judge(never)
        assert looked.filter(outcome=Outcome.ABSENT).exists() == certain
        first, *others = [(each.state, each.identity) for each in driven.attempts(never)]
        if certain:
            assert first[0] == "not_sent" and [state for state, _ in others] == ["succeeded"]
            assert others[0][1] != first[1]
        else:
            assert not others, "another identity without proof"

    def test_an_outage_of_hours_fails_nobody(self, driven: Driven) -> None:
        """Whoever is due meanwhile waits or stays unknown; afterwards all is as it would have been."""
        if not driven.outside.black_out(3 * 3600):
            pytest.skip("this world is always there")
        hit = [driven.charge() for _ in range(2)]
        for _ in range(4):
            driven.hasten()
            driven.send()
            driven.apply()
            driven.look()
            driven.outside.later()
        assert {one.state for one in driven.payments(*hit)} <= {"scheduled", "in_flight"}
        driven.outside.clear()
        driven.settle(*hit)
        driven.judge(*hit)

    def test_what_is_taken_back_days_later_is_out_of_the_books(
        self, driven: Driven, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By the payer's bank, or by the gateway itself; nobody has to tell us."""
        if not driven.outside.takes_back:
            pytest.skip("this world takes no charge back")
        driven.outside.fault("taken back")
        paid = driven.paid()
        driven.outside.gateways.advance(DAYS)
        now = clock.machine_now()
        with monkeypatch.context() as later:
            later.setattr(clock, "machine_now", lambda: now + timedelta(seconds=DAYS))
            said = disputes.watch()
        hinted.make_due([Told(each.pk) for each in driven.attempts(paid)])
        driven.look()
        one = driven.payment(paid)
        disputed = Dispute.objects.filter(payment=one).values_list("amount_minor", flat=True)
        assert one.state == "reversed" or list(disputed) == [one.amount_minor], said

    def test_many_at_once_are_each_paid_once(self, driven: Driven) -> None:
        many = [driven.charge() for _ in range(12)]
        driven.settle(*many)
        driven.judge(*many)
        assert {one.state for one in driven.payments(*many)} == {"succeeded"}

    def test_the_sheet_sets_limits_for_its_own_currencies_alone(self, driven: Driven) -> None:
        assert "EUR" not in driven.provider.sheet.currencies or driven.name in ("stripe", "flutterwave")
        assert set(driven.provider.sheet.minimum_minor) <= set(driven.provider.sheet.currencies)

    def test_the_books_hold(self, driven: Driven) -> None:
        """After all that: every rule of check_books but those of sources, which this suite has none of."""
        paid = driven.charge()
        driven.settle(paid)
        broken = {each.name: str(each) for each in books.check_books().broken}
        assert [said for name, said in broken.items() if name not in _OF_SOURCES] == []


_OF_SOURCES = ("receivables", "suspense")  # no invoices here, and lies are left in suspense on purpose
# Where the same is never sent again, what may have been begun and is not found is a person's to decide.
_NEVER_BEGUN = ("timeout before", "500 before", "html")


def _send_in(driven: Driven, payment_id: UUID, *, threads: int) -> None:
    """One run of the lane in which this payment's one committed send leaves from several threads."""
    put, left = driver.Outbound.put, 0

    def several(outbound: driver.Outbound, marked: Marked) -> None:
        nonlocal left
        times = threads if marked.sendable.payment_id == payment_id else 1
        for _ in range(times):
            put(outbound, marked)
        left += times > 1

    with pytest.MonkeyPatch.context() as swapped:
        swapped.setattr(driver.Outbound, "put", several)
        driven.send()
    assert left == 1
