"""Who calls: the Bearer key, its scope for this endpoint, and how often it called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from engine.core.actor import Actor, Role
from engine.rest import keys, limits, scopes
from engine.rest.errors import Fault

LONGEST_SECRET = 200


class Caller(NamedTuple):
    """DRF's user. `owner` is whose idempotency keys these are; `key_id` None for an environment secret.

    `name` is what the audit keeps. `most` bounds the role, whatever the scopes are.
    """

    name: str
    scopes: Sequence[str]
    owner: UUID
    key_id: UUID | None
    most: Role = Role.ADMIN
    is_authenticated: bool = True
    pk: None = None

    def on(self, resource: str) -> Actor:
        """The caller, for the verbs of `resource`."""
        return Actor(self.name, "key", min(self.most, scopes.role(self.scopes, resource)))


def bearer(request: Request) -> str | None:
    """The token of the Authorization header, None where there is none. Raises AuthenticationFailed for a bad one."""
    given = request.META.get("HTTP_AUTHORIZATION", "")
    if not given:
        return None
    kind, _, token = given.partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token or " " in token or len(token) > LONGEST_SECRET:
        raise AuthenticationFailed("Send the key as `Authorization: Bearer cb_…`.")
    return token


class ByKey(BaseAuthentication):
    """`Authorization: Bearer cb_test_…`."""

    def authenticate(self, request: Request) -> tuple[Caller, Any] | None:
        token = bearer(request)
        if token is None:
            return None
        key = keys.find(token)
        if key is None:
            _count_wrong(request)
            raise AuthenticationFailed("This key is not known, has expired or was revoked.")
        # The prefix first: names are free, and a second "root" must not pass for the first.
        return Caller(f"key:{key.prefix} {key.name}", key.scopes, key.owner, key.pk), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _count_wrong(request: Request) -> None:
    """Count a wrong key of this address. Raises Fault (429) past API_RATE_LIMIT a minute; right keys go on working.

    DRF throttles only whom it has let in.
    """
    address = request.META.get("REMOTE_ADDR", "")
    left = limits.count(f"bad:{address}", limit=settings.ENV.api_rate_limit, seconds=60)
    request._request.rate_left = left  # type: ignore[attr-defined]
    if left.over:
        raise Fault(429, "rate_limit_error", "too_many_wrong_keys",
                    "Too many wrong keys from this address: wait for the seconds of Retry-After.", retry="safe",
                    headers=left.headers())  # fmt: skip


class HasScope(BasePermission):
    """The view says which scope each method needs: `scope(method)`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller = request.user
        if not isinstance(caller, Caller):
            return False  # DRF answers 401
        wanted = view.scope(request.method)
        if not scopes.allow(caller.scopes, wanted):
            view.check_throttles(request)  # DRF counts after this: what is refused here counts too
            raise PermissionDenied(f"This key does not have the scope {wanted}.")
        return True


class PerKey(BaseThrottle):
    """API_RATE_LIMIT calls a minute and key; a view may have a bucket and a limit of its own."""

    def allow_request(self, request: Request, view: Any) -> bool:
        limit, seconds, name = view.rate() or (settings.ENV.api_rate_limit, 60, "api")
        caller = request.user
        who = str(caller.owner) if isinstance(caller, Caller) else request.META.get("REMOTE_ADDR", "")
        left = limits.count(f"{name}:{who}", limit=limit, seconds=seconds)
        request._request.rate_left = left  # type: ignore[attr-defined]
        if left.over:
            raise Fault(429, "rate_limit_error", "too_many_requests", view.too_many, retry="safe",
                        headers=left.headers())  # fmt: skip
        return True
