"""API keys: made, found, rotated with an overlap, revoked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import DateTimeField, Func

from engine.audit.act import act, note
from engine.core import clock, sql
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.rest import scopes as vocabulary
from engine.rest.models import ApiKey

LONGEST_OVERLAP = 30 * 86_400
SHOWN = 14
_NOW: Func = Func(function="machine_now", output_field=DateTimeField())


class Made(NamedTuple):
    """The row, and the secret that is shown this once."""

    key: ApiKey
    secret: str


def create(name: str, scopes: Iterable[object], *, by: Actor, expires_at: datetime | None = None) -> Made:
    """A new key. Writes. Raises Refusal for a scope, name or expiry that makes no sense, NotAllowed below admin."""
    by.must_be(Role.ADMIN, "create_key")
    title = name.strip()
    if not 0 < len(title) <= 100:
        raise Refusal("name_invalid", "a key has a name of 1 to 100 characters", param="name")
    now = clock.machine_now()
    if expires_at is not None and expires_at <= now:
        raise Refusal("expiry_in_past", "expires_at must lie ahead", param="expires_at")
    with sql.transaction.atomic():
        made = _insert(title, vocabulary.check(scopes), by, now, expires_at=expires_at)
        note(by, "create_key", ApiKey, made.key.pk, after={"name": title, "scopes": made.key.scopes})
    return made


def rotate(key_id: UUID, *, overlap_seconds: int, by: Actor) -> Made:
    """A new key with the same name and scopes; the old one works for `overlap_seconds` more. Writes.

    Raises Refusal for a key that is gone or an overlap of more than 30 days, NotAllowed below admin.
    """
    if not 0 <= overlap_seconds <= LONGEST_OVERLAP:
        raise Refusal(
            "overlap_invalid", f"overlap_seconds is 0 to {LONGEST_OVERLAP}", param="overlap_seconds"
        )
    with act(by, "rotate_key", ApiKey, key_id, fields=("expires_at",), role=Role.ADMIN, reasoned=False):
        old = _live(key_id)
        now = clock.machine_now()
        made = _insert(old.name, old.scopes, by, now, expires_at=old.expires_at, rotated_from=old)
        ends = now + timedelta(seconds=overlap_seconds)
        old.expires_at = min(old.expires_at or ends, ends)
        old.save(update_fields=["expires_at"])
    return made


def revoke(key_id: UUID, *, by: Actor) -> ApiKey:
    """End a key now. Writes. Raises Refusal for one that is gone, NotAllowed below admin."""
    with act(by, "revoke_key", ApiKey, key_id, fields=("revoked_at",), role=Role.ADMIN, reasoned=False):
        key = _live(key_id)
        key.revoked_at = clock.machine_now()
        key.save(update_fields=["revoked_at"])
    return key


def find(secret: str) -> ApiKey | None:
    """The live key of this secret, with its use noted to the minute. Reads, writes once a minute and key."""
    digest = digest_of(secret)
    # One statement for the key and the time: each call of the API comes by here.
    key = ApiKey.objects.filter(digest=digest, revoked_at=None).annotate(now=_NOW).first()
    if key is None or not hmac.compare_digest(key.digest, digest):
        return None
    now: datetime = key.now
    if key.expires_at is not None and key.expires_at <= now:
        return None
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def digest_of(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _insert(
    name: str,
    scopes: list[str],
    by: Actor,
    now: datetime,
    *,
    expires_at: datetime | None,
    rotated_from: ApiKey | None = None,
) -> Made:
    secret = f"cb_{'live' if settings.ENV.livemode else 'test'}_{secrets.token_urlsafe(32)}"
    key_id = uuid7()
    key = ApiKey(
        id=key_id, owner=rotated_from.owner if rotated_from else key_id, name=name, prefix=secret[:SHOWN],
        digest=digest_of(secret), scopes=scopes, created_at=now, created_by=by.name, expires_at=expires_at,
        rotated_from=rotated_from,
    )  # fmt: skip
    key.save(force_insert=True)
    return Made(key, secret)


def _live(key_id: UUID) -> ApiKey:
    key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
    if key is None:
        raise Refusal("key_unknown", f"there is no API key {key_id}", param="key")
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= clock.machine_now()):
        raise Refusal("key_ended", "the key has ended already", param="key")
    return key
