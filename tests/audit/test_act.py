"""An act is allowed, reasoned, and written down with what it changed, or it did not happen."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import Error, connection, transaction

from engine.audit.act import LONGEST_REASON, act
from engine.audit.models import Entry
from engine.core.actor import SYSTEM, Actor, NotAllowed, Role, of_shell, of_user
from engine.core.errors import Refusal
from payments.models import KillSwitch

OLGA = Actor("olga", "user", Role.OPERATOR)
pytestmark = pytest.mark.django_db


def stop(by: Actor = OLGA, *, reason: str = "a drill", fails: bool = False, **more: object) -> None:
    with act(by, "stop", KillSwitch, 1, fields=("sending", "reason"), reason=reason, **more):  # type: ignore[arg-type]
        KillSwitch.objects.filter(pk=1).update(sending=False, reason=reason)
        if fails:
            raise Refusal("no", "no")


def test_an_act_is_written_with_its_before_and_after():
    stop()
    (entry,) = Entry.objects.all()
    assert (entry.actor, entry.actor_kind, entry.verb) == ("olga", "user", "stop")
    assert (entry.object_kind, entry.object_id, entry.reason) == ("killswitch", "1", "a drill")
    assert entry.before == {"sending": True, "reason": ""}
    assert entry.after == {"sending": False, "reason": "a drill"}


def test_what_fails_leaves_neither_act_nor_entry():
    with pytest.raises(Refusal):
        stop(fails=True)
    assert not Entry.objects.exists()
    assert KillSwitch.objects.get().sending


@pytest.mark.parametrize("reason", ["", "  ", "x" * (LONGEST_REASON + 1)])
def test_a_reason_is_needed(reason: str):
    with pytest.raises(Refusal) as refused:
        stop(reason=reason)
    assert refused.value.param == "reason"
    assert KillSwitch.objects.get().sending


@pytest.mark.parametrize("role", [Role.NOBODY, Role.VIEWER])
def test_a_role_too_low_is_refused(role: Role):
    with pytest.raises(NotAllowed, match="stop needs the role operator; vera is"):
        stop(Actor("vera", "user", role))
    assert KillSwitch.objects.get().sending


def test_a_verb_may_ask_for_more():
    with pytest.raises(NotAllowed):
        stop(role=Role.APPROVER)
    stop(Actor("ann", "user", Role.APPROVER), role=Role.APPROVER)


def test_the_highest_group_counts():
    user = User.objects.create_user("ann")
    assert of_user(user).role == Role.NOBODY
    user.groups.set(Group.objects.filter(name__in=("viewer", "approver")))
    assert of_user(user) == Actor("ann", "user", Role.APPROVER)
    user.is_active = False
    assert of_user(user).role == Role.NOBODY
    assert of_user(AnonymousUser()).role == Role.NOBODY
    assert of_user(User(username="root", is_superuser=True)).role == Role.ADMIN


def test_the_shell_and_the_system_may_do_all():
    assert of_shell().role == SYSTEM.role == Role.ADMIN
    assert of_shell().name.startswith("shell:")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE engine_audit_entry SET reason = ''",
        "DELETE FROM engine_audit_entry",
        "TRUNCATE engine_audit_entry",
    ],
)
def test_what_is_written_stays(sql: str):
    stop()
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Entry.objects.count() == 1
