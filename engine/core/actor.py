"""Who asks for something, and what they may: every verb of a person or a program takes an Actor."""

from __future__ import annotations

import getpass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from engine.core.errors import Refusal

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User


class Role(IntEnum):
    """Each may do what those before it may. Their groups in the admin have the same names."""

    NOBODY = 0
    VIEWER = 1  # looks
    OPERATOR = 2  # the day's work: retry, look up, park, pause, cancel, trigger
    APPROVER = 3  # what lets money go again after somebody stopped it
    ADMIN = 4  # keys, roles, the scheduler


ROLES = (Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.ADMIN)


class NotAllowed(Refusal):
    """The caller is known and may not do this."""


class Actor(NamedTuple):
    """`name` is what the audit keeps: a user's name, a key's prefix and name, "scheduler". `kind`: user, key,
    command, system.
    """

    name: str
    kind: str
    role: Role

    def must_be(self, role: Role, verb: str) -> None:
        """Raise NotAllowed unless this is `role` or above."""
        if self.role < role:
            sentence = f"{verb.replace('_', ' ')} needs the role {role.name.lower()}; {self.name} is "
            raise NotAllowed("not_allowed", sentence + self.role.name.lower())


SYSTEM = Actor("clearbeat", "system", Role.ADMIN)


def of_user(user: User | AbstractBaseUser | AnonymousUser) -> Actor:
    """The person at the admin: the highest of their groups, or admin for a superuser. Reads."""
    if not getattr(user, "is_active", False):
        return Actor("nobody", "user", Role.NOBODY)
    name = user.get_username()
    if getattr(user, "is_superuser", False):
        return Actor(name, "user", Role.ADMIN)
    held = set(user.groups.values_list("name", flat=True))  # type: ignore[union-attr]
    return Actor(name, "user", max((r for r in ROLES if r.name.lower() in held), default=Role.NOBODY))


def of_shell() -> Actor:
    """Whoever runs a command: they hold the environment's secrets, so they may do all."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unnamed"
    return Actor(f"shell:{name}", "command", Role.ADMIN)
