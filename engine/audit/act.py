"""One act, whole: may they, do they say why, what was it before, what is it after. All in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction

from engine.audit.models import Entry
from engine.core import cards, clock
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7

log = structlog.get_logger(__name__)
LONGEST_REASON = 2000


@contextmanager
def act(
    by: Actor,
    verb: str,
    model: type[models.Model],
    pk: object,
    *,
    fields: Sequence[str] = (),
    reason: str = "",
    role: Role = Role.OPERATOR,
    reasoned: bool = True,
    lock: bool = False,
) -> Iterator[None]:
    """A transaction in which `by` does `verb` to the row `pk`; its entry commits with it or not at all.

    `fields` are read before and after; `lock`: the row is the block's first lock, so `before` is what it finds.
    `reasoned`: a reason must be given. Raises NotAllowed below `role`, Refusal without a reason; what the block
    raises passes, and then nothing is written.
    """
    by.must_be(role, verb)
    if reasoned:
        check_reason(reason)
    with transaction.atomic():
        before = _read(model, pk, fields, lock=lock)
        yield
        note(by, verb, model, pk, reason=reason, before=before, after=_read(model, pk, fields))


def note(
    by: Actor,
    verb: str,
    model: type[models.Model],
    pk: object,
    *,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry in the caller's transaction, and a line of the log. Raises Refusal for a reason that holds a
    card number, whichever door it came by.
    """
    cards.refuse(reason, param="reason")
    bound = structlog.contextvars.get_contextvars()
    entry = Entry(
        id=uuid7(), acted_at=clock.machine_now(), actor=by.name[:150], actor_kind=by.kind, verb=verb,
        object_kind=str(model._meta.model_name), object_id=str(pk), reason=reason[:LONGEST_REASON],
        before=_plain(before), after=_plain(after), request_id=str(bound.get("request_id", ""))[:64],
    )  # fmt: skip
    entry.save(force_insert=True)
    log.warning("acted", verb=verb, object_kind=entry.object_kind, object_id=entry.object_id, by=by.name,
                reason=reason)  # fmt: skip


def check_reason(reason: str) -> None:
    """Raise Refusal for a reason that is not there, too long, or no text that can be kept."""
    if not reason.strip():
        raise Refusal("reason_missing", "say why, for those who read this later", param="reason")
    if len(reason) > LONGEST_REASON:
        raise Refusal("reason_too_long", f"at most {LONGEST_REASON} characters", param="reason")
    if "\0" in reason:
        raise Refusal("reason_invalid", "a reason is text without a NUL", param="reason")


def _read(
    model: type[models.Model], pk: object, fields: Sequence[str], *, lock: bool = False
) -> dict[str, Any]:
    if not fields:
        return {}
    found = model._base_manager.filter(pk=pk).values(*fields)
    if lock:
        return found.select_for_update().first() or {}
    return found.first() or {}


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """JSON's own types: the encoder writes moments and ids as text."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(values or {}), cls=DjangoJSONEncoder))
    return plain
