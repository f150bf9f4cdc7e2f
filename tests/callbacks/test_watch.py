"""A backlog of callbacks is seen: in /metrics, in /health and in doctor's look."""

from __future__ import annotations

from datetime import timedelta

from engine.core import clock
from ops import gauges, parts
from payments.callbacks import tally, work
from payments.callbacks.models import Callback
from tests.callbacks.conftest import come_round


def _gauges() -> dict[tuple[str, ...], float]:
    return {(each.name, *labels): value for each in gauges.read() for labels, value in each.samples.items()}


def test_the_gauges_say_what_the_rows_say(tell, gateway):
    for n in range(3):
        tell(event_id=f"e-{n}", provider_ref="nobody's")
    tell(event_id="e-4", identity="nobody's")
    tell(event_id="forged", signature="0")
    tally.flush()
    Callback.objects.filter(event_id="e-0").update(next_action_at=clock.machine_now() - timedelta(hours=2))
    shown = _gauges()
    assert shown["callbacks_waiting",] == 4
    assert round(shown["callbacks_waiting_oldest_seconds",] / 3600) == 2
    assert shown["callbacks_turned_away", "scripted", "signature_wrong"] == 1
    work.work()
    shown = _gauges()
    assert (shown["callbacks_waiting",], shown["callbacks_unknown",], shown["callbacks_parked",]) == (0, 1, 0)


def test_late_ones_are_a_warning_and_those_that_wait_for_their_time_are_none(tell, gateway):
    tell(provider_ref="nobody's")
    work.work()
    assert parts.inbox()[:2] == ("ok", "what providers told us is worked")
    come_round()
    Callback.objects.update(next_action_at=clock.machine_now() - timedelta(seconds=parts.SILENT_SECONDS + 5))
    seen = parts.inbox()
    assert (seen.state, seen.facts) == ("warn", {"late": 1})
