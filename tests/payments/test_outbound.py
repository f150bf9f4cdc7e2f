"""What a thread learned is kept while it can't be stored; what can't be stored at all holds nobody up."""

from __future__ import annotations

import pytest
from django.db import InterfaceError, OperationalError

from payments.models import Attempt, Evidence
from payments.pipeline import evidence
from payments.pipeline.outbound import Outbound
from tests.payments.steps import mark


@pytest.fixture
def outside(monkeypatch):
    # The test's own transaction stands in for none, and its connection stays.
    monkeypatch.setattr("payments.pipeline.outbound.sql.outside_transaction", lambda: True)
    monkeypatch.setattr("payments.pipeline.outbound.connection.close", lambda: None)
    monkeypatch.setattr("payments.pipeline.outbound.time.sleep", lambda seconds: None)


def failing(faults, monkeypatch):
    """Storing raises each of `faults` first, and works then."""
    real = evidence.store

    def store(said):
        if faults:
            raise faults.pop(0)
        real(said)

    monkeypatch.setattr(evidence, "store", store)


def test_evidence_is_kept_while_the_connection_is_away(world, new_payment, outside, monkeypatch):
    new_payment()
    failing([InterfaceError("the connection is closed"), OperationalError("gone")], monkeypatch)
    with Outbound(world, threads=2) as outbound:
        outbound.put(mark()[0])
    assert outbound.sent == Evidence.objects.count() == 1


def test_a_fault_of_ours_ends_the_lane_and_does_not_hold_it(world, new_payment, outside, monkeypatch):
    new_payment()
    failing([RuntimeError("a bug")], monkeypatch)
    with Outbound(world, threads=2) as outbound:
        outbound.put(mark()[0])
        with pytest.raises(RuntimeError, match="a bug"):
            outbound.collect(seconds=10)
    assert (outbound.free, outbound.sent) == (2, 0)
    assert Attempt.objects.get().state == "sent", "a look asks what became of it"
