"""A callback worked once more: by an operator, or because what it names has become known."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from engine.audit.act import act
from engine.core import clock, sql
from engine.core.actor import Actor
from engine.core.errors import Refusal
from engine.core.ids import first_at
from payments.callbacks.models import Callback

_KEPT = ("state", "said", "tries", "next_action_at")
_LOOKED_THROUGH, _FOR = 1000, timedelta(days=3)


def work_again(callback_id: UUID, *, reason: str, by: Actor) -> None:
    """Work a callback again, now. Writes; the workers go on from the row, and what it names is looked up once more.

    Raises Refusal if it is not there, or was refused: what is not believed is told again by its provider or not at all.
    """
    with act(by, "work_again", Callback, callback_id, fields=_KEPT, reason=reason, lock=True):
        one = Callback.objects.select_for_update().filter(pk=callback_id).first()
        if one is None:
            raise Refusal("callback_unknown", f"there is no callback {callback_id}", param="callback")
        if one.state == Callback.State.REFUSED:
            raise Refusal("callback_refused", f"it was not believed ({one.refusal}): have its provider send it again",
                          param="callback")  # fmt: skip
        one.state, one.tries, one.said = Callback.State.WAITING, 0, "to be worked again"
        one.next_action_at = clock.machine_now()
        one.save(update_fields=_KEPT)


def drive_again() -> int:
    """Work what named nothing of ours and does now; how many. Of the last three days. Commits."""
    now = clock.machine_now()
    params = {"now": now, "since": first_at(now - _FOR), "most": _LOOKED_THROUGH}
    return sql.affected(sql.statement(__file__, "known_now"), params)
