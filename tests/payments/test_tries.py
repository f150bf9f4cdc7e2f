"""Short tries: as many as PAYMENT_RETRY_ATTEMPTS in all, each wait twice the one before (rows 0.37, 0.58, 1.6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from engine.core import clock
from engine.providers.base import FailureClass, Finding, Outcome
from payments.models import Attempt, Payment
from tests.payments.steps import run

REFUSED = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "rate_limited", "429")


@pytest.mark.parametrize(("tries", "waits"), [(3, [2, 4, 8]), (2, [2, 4])], ids=str)
def test_three_tries_at_once_then_after_two_and_four_seconds_then_it_waits_for_the_provider(
    tries, waits, world, new_payment, payment, monkeypatch
):
    monkeypatch.setattr(settings.ENV, "payment_retry_attempts", tries)
    monkeypatch.setattr(settings.ENV, "payment_retry_delay", 2000)
    one = new_payment()
    world.replies[one] = [REFUSED]
    for number, wait in enumerate(waits, 1):
        assert payment(one).waiting != "provider"
        before = clock.machine_now()
        run(monkeypatch)
        after, found = clock.machine_now(), payment(one)
        assert (
            Attempt.objects.filter(payment_id=one).count() == len(world.sent) == found.short_tries == number
        )
        assert found.state == "scheduled"
        assert found.waiting == ("provider" if number == tries else "retry")
        span = timedelta(seconds=wait)
        assert before + span <= found.next_action_at <= after + span, (number, found.next_action_at - before)
        run(monkeypatch)
        assert len(world.sent) == number, "it was tried before its wait was over"
        Payment.objects.filter(pk=one).update(next_action_at=clock.machine_now())


def test_the_default_is_three_from_two_seconds():
    fields = type(settings.ENV).model_fields
    assert (fields["payment_retry_attempts"].default, fields["payment_retry_delay"].default) == (3, 2000)
