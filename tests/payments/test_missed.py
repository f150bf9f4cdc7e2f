"""The hourly net under the schedule of looks (row 3.1): what was not to be asked about for long is asked now."""

from __future__ import annotations

from datetime import timedelta

from engine.core import clock
from payments import tasks
from payments.pipeline import missed, spans, tick
from tests.payments.steps import mark


def test_a_look_far_off_is_made_due_and_nothing_else_is(world, new_payment, payment):
    far, near, parked = (new_payment() for _ in range(3))
    mark()
    waits = new_payment()
    now = clock.machine_now()
    beyond = now + timedelta(seconds=spans.longest_look())
    at = {
        far: beyond + timedelta(hours=3), near: beyond - timedelta(seconds=1), parked: None,
        waits: beyond + timedelta(days=2),
    }  # fmt: skip
    for one, when in at.items():
        row = payment(one)
        row.next_action_at = when
        if one == parked:
            row.parked_at, row.parked_reason = now, "a person decides"
        row.save()
    assert missed.look_now() == 1
    assert payment(far).next_action_at <= clock.machine_now()
    assert {one: payment(one).next_action_at for one in (near, parked, waits)} == {
        one: at[one] for one in (near, parked, waits)
    }
    assert "payments.verify" in {wake.task for wake in tick.wanted()}


def test_its_door_counts_them(world, new_payment, payment):
    one = new_payment()
    mark()
    row = payment(one)
    row.next_action_at = clock.machine_now() + timedelta(days=1)
    row.save()
    assert tasks.look_now.apply().get() == {"made_due": 1}
    assert tasks.look_now.apply().get() == {"made_due": 0}
