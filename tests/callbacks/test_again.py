"""Once more by hand, with a reason; and what does not stay for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from engine.audit.models import Entry
from engine.core import clock
from engine.core.actor import Actor, NotAllowed, Role
from engine.core.errors import Refusal
from engine.core.ids import first_at, uuid7
from payments.callbacks import again, trim, work
from payments.callbacks.models import Callback, TurnedAway
from tests.callbacks.conftest import BOSS, identity, is_due, rest, the_one


def test_an_operator_works_one_again(tell, open_payment):
    tell(identity=identity(open_payment))
    work.work()
    rest(open_payment)
    again.work_again(the_one().pk, reason="its provider had lied", by=BOSS)
    assert work.work().counts == {"done": 1}
    assert is_due(open_payment)
    entry = Entry.objects.get(verb="work_again")
    assert (entry.object_id, entry.reason) == (str(the_one().pk), "its provider had lied")
    assert (entry.before["state"], entry.after["state"]) == ("done", "waiting")


def test_who_may_and_what_can_t_be_worked(tell, gateway):
    tell(signature="0")
    with pytest.raises(Refusal, match="send it again"):
        again.work_again(the_one().pk, reason="a drill", by=BOSS)
    with pytest.raises(Refusal, match="no callback"):
        again.work_again(uuid7(), reason="a drill", by=BOSS)
    with pytest.raises(NotAllowed):
        again.work_again(the_one().pk, reason="a drill", by=Actor("guest", "user", Role.VIEWER))
    with pytest.raises(Refusal, match="say why"):
        again.work_again(the_one().pk, reason=" ", by=BOSS)


def test_the_database_refuses_what_is_not_believed_being_worked(tell, gateway):
    tell(signature="0")
    with pytest.raises(DatabaseError, match="can't go from refused to waiting"), transaction.atomic():
        Callback.objects.update(state="waiting", next_action_at=clock.machine_now())
    with pytest.raises(IntegrityError, match="a_waiting_callback_has_its_time"), transaction.atomic():
        Callback.objects.update(next_action_at=clock.machine_now())


def test_what_ended_long_ago_is_deleted_and_what_waits_stays(tell, gateway):
    long_ago = clock.machine_now() - timedelta(days=settings.ENV.callback_days + 1)
    for n, state in enumerate(("done", "unknown", "refused", "parked", "waiting")):
        tell(event_id=f"e-{n}")
        _age(f"e-{n}", state, long_ago)
    tell(event_id="new")
    TurnedAway.objects.create(provider="scripted", why="old", hour_start=long_ago, count=7)
    assert trim.trim() == 3
    assert set(Callback.objects.values_list("state", flat=True)) == {"parked", "waiting"}
    assert Callback.objects.count() == 3
    assert not TurnedAway.objects.exists()


def _age(event_id: str, state: str, at) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE payments_callbacks_callback SET id = %s, state = %s,"
            " next_action_at = CASE WHEN %s = 'waiting' THEN received_at END WHERE event_id = %s",
            [_id(at), state, state, event_id],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


def _id(at):
    made = uuid7()
    return type(made)(int=first_at(at).int | made.int % 2**80)


def test_of_what_is_refused_the_newest_are_kept(tell, gateway, monkeypatch):
    monkeypatch.setattr(settings.ENV, "callback_refused_kept", 2)
    for n in range(5):
        tell(event_id=f"e-{n}", signature="0")
    tell(path="/api/webhooks/ipaymu", signature="0")
    newest = list(
        Callback.objects.filter(provider="scripted").order_by("-pk").values_list("pk", flat=True)[:2]
    )
    assert trim.trim_refused() == 3
    assert (
        list(Callback.objects.filter(provider="scripted").order_by("-pk").values_list("pk", flat=True))
        == newest
    )
    assert Callback.objects.filter(provider="ipaymu").count() == 1
