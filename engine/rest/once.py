"""One key, one effect: the answer under an Idempotency-Key commits with what it did, and is given again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from engine.core import cards, clock, sql
from engine.core.dry_run import kept_unless
from engine.core.ids import uuid7
from engine.rest.errors import Fault
from engine.rest.models import Answer

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Done:
    """What a POST did: the answer's document, and the id of what it made or acted on.

    `secret` fields stand in the first answer alone: they are neither stored nor given again.
    """

    data: dict[str, Any]
    object_id: str = ""
    status: int = 201
    secret: Mapping[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """What the first caller gets."""
        return {**self.data, **(self.secret or {})}


@dataclass(frozen=True)
class Under:
    """An Idempotency-Key and what came under it. `fields` are digests of what was sent, by name."""

    owner: UUID
    key: str
    path: str
    fields: Mapping[str, str]


def under(owner: UUID, key: str, path: str, sent: Mapping[str, Any]) -> Under:
    """Raises Fault for a key that is empty, longer than 255 or no plain text, Refusal for a card number."""
    cards.refuse(key, param="Idempotency-Key")
    if not _KEY.fullmatch(key):
        raise Fault(400, "idempotency_error", "idempotency_key_invalid",
                    "An Idempotency-Key has 1 to 255 visible ASCII characters.", param="Idempotency-Key")  # fmt: skip
    return Under(owner, key, path, {name: _digest(value) for name, value in sent.items()})


def stored(asked: Under) -> Answer | None:
    """The answer that was given under this key. Reads. Raises Fault (409) if it was another request."""
    found = _of(asked.owner, asked.key)
    if found is None:
        return None
    if found.path != asked.path:
        raise _reused(f"This key was used for {found.path}.", "Idempotency-Key")
    sent = dict(asked.fields)
    differing = sorted(name for name in {*sent, *found.body} if sent.get(name) != found.body.get(name))
    if differing:
        raise _reused(f"This key was used with another {differing[0]}.", differing[0])
    return found


def run(asked: Under, work: Callable[[], Done], *, dry_run: bool = False) -> tuple[Done, bool]:
    """Do `work` once under the key; (what was done, whether it was done before). Writes and commits.

    Raises Fault (409) while another request with the key is at work, and whatever `work` raises: then
    nothing is written, and the key is free again. So it is after a dry run.
    """
    with kept_unless(dry_run):
        with connection.cursor() as cursor:
            if not sql.lock_advisory(cursor, _lock(asked.key)):
                raise Fault(409, "idempotency_error", "request_in_progress",
                            "A request with this key is at work.", retry="same_key",
                            headers={"Retry-After": "1"})  # fmt: skip
        before = stored(asked)
        if before is not None:
            return Done(before.answer, before.object_id, before.status), True
        done = work()
        if dry_run:
            return done, False
        Answer.objects.create(
            id=uuid7(), owner=asked.owner, key=asked.key, path=asked.path, body=dict(asked.fields), status=done.status,
            answer=done.data, object_id=done.object_id, created_at=clock.machine_now(),
        )  # fmt: skip
    return done, False


def state_of(owner: UUID, key: str) -> tuple[str, Answer | None]:
    """`finished` with its answer, `running`, or `never_seen`. Reads; takes no lock, so it stands in nobody's way.

    Raises Fault (409) for a word of another API key: a new one would do the same once more.
    """
    with connection.cursor() as cursor:
        running = sql.is_locked_advisory(cursor, _lock(key))
    # After the look at the lock: what committed just before it was let go is seen.
    found = _of(owner, key)
    if found is not None:
        return "finished", found
    return ("running" if running else "never_seen"), None


def _of(owner: UUID, key: str) -> Answer | None:
    """A word names one request of the platform, whoever sends it: two of its services share what they do."""
    found = Answer.objects.filter(key=key).first()
    if found is not None and found.owner != owner:
        raise _reused("This key was used under another API key.", "Idempotency-Key")
    return found


def _lock(key: str) -> str:
    return f"answer:{key}"


def _reused(message: str, param: str) -> Fault:
    return Fault(409, "idempotency_error", "idempotency_key_reused", message, param=param)


def _digest(value: Any) -> str:
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
