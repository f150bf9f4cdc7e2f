"""What a key may do: `resource:read` or `resource:write`, and the sources' two (row 0.61)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from engine.core.actor import Role
from engine.core.errors import Refusal

RESOURCES = (
    "customers", "creators", "plans", "subscriptions", "invoices", "payment_methods", "payments", "refunds", "events",
    "jobs", "webhooks", "scheduler", "keys", "metrics",
)  # fmt: skip
_OF_ADMINS = ("scheduler", "keys")
READ_ALL, WRITE_ALL = "admin:read", "admin:write"
_ONLY_READ = ("metrics",)
_PAIRS = tuple(f"{name}:{verb}" for name in RESOURCES for verb in ("read", "write"))
SCOPES = (
    READ_ALL,
    WRITE_ALL,
    *(each for each in _PAIRS if each not in {f"{name}:write" for name in _ONLY_READ}),
)


def check(scopes: Iterable[object]) -> list[str]:
    """`scopes` in the order of SCOPES, without doubles. Raises Refusal for none or one that is not known."""
    given = list(scopes)
    if not given:
        raise Refusal("scopes_missing", "a key needs at least one scope", param="scopes")
    for scope in given:
        if scope not in SCOPES:
            raise Refusal("scope_unknown", f"{scope!r} is no scope; there are: {', '.join(SCOPES)}",
                          param="scopes")  # fmt: skip
    return [scope for scope in SCOPES if scope in given]


def allow(held: Collection[str], wanted: str) -> bool:
    """True if `wanted` is held: writing includes reading, the admin scopes include all of their kind."""
    resource, _, verb = wanted.partition(":")
    enough = {wanted, f"{resource}:write", WRITE_ALL}
    if verb == "read":
        enough.add(READ_ALL)
    return not enough.isdisjoint(held)


def role(held: Collection[str], resource: str) -> Role:
    """What the holder of these scopes counts as in the verbs of `resource`; the endpoint's own scope stands before it.

    An approver's and an admin's acts need admin:write. Keys and the scheduler are an admin's and have scopes of their
    own: those who hold one are admins of it, and of nothing else.
    """
    if WRITE_ALL in held:
        return Role.ADMIN
    if f"{resource}:write" not in held:
        return Role.VIEWER
    return Role.ADMIN if resource in _OF_ADMINS else Role.OPERATOR


def within(wanted: Iterable[str], held: Collection[str]) -> bool:
    """True if a holder of `held` may hand out all of `wanted`: nobody gives more than they have."""
    return all(allow(held, scope) for scope in wanted)
