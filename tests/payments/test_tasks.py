"""Each attempt keeps the Celery task that sent it last: what an operator looks up in Flower."""

from __future__ import annotations

import time

import pytest

from engine.providers.base import Finding, Outcome
from payments import tasks
from payments.models import Attempt
from payments.pipeline import driver
from payments.pipeline.outbound import Outbound
from tests.payments.steps import LANE

NAMED = LANE._asdict()


@pytest.fixture(autouse=True)
def marked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marked and not sent: the test's own transaction is open."""
    monkeypatch.setattr(Outbound, "put", lambda self, marked: None)


def test_an_attempt_keeps_the_task_that_sent_it_and_the_one_that_sent_it_again(world, new_payment):
    one = new_payment()
    tasks.send.apply(kwargs=NAMED, task_id="3a0e").get()
    assert Attempt.objects.get().task_id == "3a0e"
    world.looks[one] = [Finding(Outcome.MISSING, code="not_seen")]
    time.sleep(0.6)
    tasks.look_up.apply(kwargs=NAMED, task_id="7b1f").get()
    sent = Attempt.objects.get()
    assert (sent.send_no, sent.task_id) == (2, "7b1f")


def test_who_sends_by_a_command_has_no_task(world, new_payment):
    new_payment()
    driver.drive(LANE)
    assert Attempt.objects.get().task_id == ""
