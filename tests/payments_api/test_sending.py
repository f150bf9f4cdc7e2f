"""The kill switch and the providers' pauses over REST: who stops may be an operator, who lets go is an approver."""

from __future__ import annotations

import pytest

from engine.audit.models import Entry
from payments import switches
from payments.models import KillSwitch, ProviderSwitch
from tests.billing.world import rows_everywhere
from tests.payments_api.conftest import key
from tests.rest.conftest import fault

WHY = {"reason": "a drill"}
STOP, START = "/api/sending/stop", "/api/sending/start"
PAUSE, RESUME = "/api/providers/scripted/pause", "/api/providers/scripted/resume"


@pytest.fixture(autouse=True)
def _provider(world) -> None:
    """The scripted one, with its switch."""


def test_all_sending_is_stopped_and_started(caller):
    assert caller.get("/api/sending").json() == {
        "object": "sending", "livemode": False, "sending": True, "reason": "",
    }  # fmt: skip
    stopped = caller.post(STOP, WHY, key="a")
    assert (stopped.status_code, stopped.json()["sending"], stopped.json()["reason"]) == (
        200,
        False,
        "a drill",
    )
    assert caller.get("/api/sending").json() == stopped.json()
    assert not KillSwitch.objects.get().sending
    started = caller.post(START, WHY, key="b").json()
    assert (started["sending"], started["reason"], KillSwitch.objects.get().sending) == (True, "", True)
    # the answer of then, not what is now
    assert caller.post(STOP, WHY, key="a").json() == stopped.json()
    assert KillSwitch.objects.get().sending
    assert [entry.verb for entry in Entry.objects.order_by("pk")][-2:] == ["stop_sending", "start_sending"]


def test_a_provider_is_paused_and_resumed(caller):
    (before,) = caller.get("/api/providers").json()["data"]
    assert (before["name"], before["paused"], before["operations"]) == ("scripted", False, ["charge"])
    paused = caller.post(PAUSE, WHY).json()
    assert paused == {**before, "paused": True, "reason": "a drill"}
    assert caller.get("/api/providers").json()["data"] == [paused]
    assert caller.post(RESUME, WHY, key="a").json() == before
    entry = Entry.objects.get(verb="pause")
    assert (entry.actor_kind, entry.reason, entry.object_id, entry.after["paused"]) == (
        "key", "a drill", "scripted", True,
    )  # fmt: skip


@pytest.mark.parametrize(("stop", "start"), [(STOP, START), (PAUSE, RESUME)])
def test_an_operator_stops_and_an_approver_lets_go(caller, stop, start):
    operator = key("payments:write")
    assert operator.post(stop, WHY, key="a").status_code == 200
    before = rows_everywhere()
    assert fault(operator.post(start, WHY, key="b"))[:2] == (403, "not_allowed")
    assert rows_everywhere() == before
    assert caller.post(start, WHY, key="b").status_code == 200


@pytest.mark.parametrize("path", [STOP, START, PAUSE, RESUME])
def test_bad_requests_change_nothing(caller, path):
    reader, other = key("payments:read"), key("scheduler:write")
    before = rows_everywhere()
    assert fault(caller.post(path, {}, key="a")) == (400, "field_missing", "reason")
    assert fault(caller.post(path, {"reason": "x" * 2001}, key="b")) == (400, "max_length", "reason")
    assert fault(caller.post(path, {**WHY, "now": True}, key="c")) == (400, "field_unknown", "now")
    assert fault(reader.post(path, WHY, key="d"))[:2] == (403, "scope_missing")
    assert fault(other.post(path, WHY, key="e"))[:2] == (403, "scope_missing")
    if path in (START, RESUME):
        assert fault(caller.post(path, WHY)) == (400, "idempotency_key_missing", "Idempotency-Key")
    assert rows_everywhere() == before


def test_who_may_not_read_or_asks_too_much_is_refused():
    reader = key("payments:read")
    for path in ("/api/sending", "/api/providers"):
        assert reader.get(path).status_code == 200
        assert fault(reader.get(f"{path}?all=1")) == (400, "field_unknown", "all")
        assert fault(key("plans:read").get(path))[:2] == (403, "scope_missing")


def test_a_provider_that_is_not_there_is_404(caller):
    for name in ("nobody", "%00", "x" * 300):
        for verb in ("pause", "resume"):
            assert fault(caller.post(f"/api/providers/{name}/{verb}", WHY, key="a")) == (
                404, "provider_unknown", "provider",
            )  # fmt: skip


def test_a_provider_without_its_switch_is_not_paused_in_name_alone(caller):
    ProviderSwitch.objects.all().delete()
    assert fault(caller.post(PAUSE, WHY)) == (404, "provider_unknown", "provider")
    assert not Entry.objects.filter(verb="pause").exists()
    switches.seed()
    assert caller.post(PAUSE, WHY).status_code == 200
