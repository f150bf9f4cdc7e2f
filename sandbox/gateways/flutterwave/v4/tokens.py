"""Who gives access tokens: ten minutes each, and none to refresh them by."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.mount import Mount
from sandbox.gateways.store import Table
from sandbox.gateways.world import World

NAME = "flutterwave-idp"


class Idp(Mount):
    """A host of its own, with faults of its own."""

    name, path = NAME, "/flw/idp"
    defaults = {"client_id": "client_simulator", "client_secret": "secret_simulator", "token_seconds": 600}

    def references(self, request: Request) -> list[str]:
        return []  # never the secret


IDP = Idp()


@IDP.route("POST", "/realms/flutterwave/protocol/openid-connect/token")
def give(request: Request) -> Answer:
    """A token for client credentials."""
    data, world = request.data, request.world
    settings = world.settings(NAME)
    if data.get("grant_type") != "client_credentials":
        return Answer({"error": "unsupported_grant_type", "error_description": "Unsupported grant_type"}, 400)
    if any(data.get(name) != settings[name] for name in ("client_id", "client_secret")):
        described = "Invalid client or Invalid client credentials"
        return Answer({"error": "unauthorized_client", "error_description": described}, 401)
    token, seconds = world.fresh("eyJ", 60), settings["token_seconds"]
    _table(world).put(token, {"ends": world.clock.now() + seconds})
    return Answer({"access_token": token, "expires_in": seconds, "refresh_expires_in": 0, "token_type": "Bearer",
                   "not-before-policy": 0, "scope": "profile email"})  # fmt: skip


def holds(world: World, token: str) -> bool:
    """Whether a token is one of ours and not yet over."""
    row: dict[str, Any] | None = _table(world).get(token)
    return row is not None and world.clock.now() < row["ends"]


def expire(world: World) -> None:
    """From now on none holds."""
    for name in _table(world).names():
        _table(world).drop(name)


def _table(world: World) -> Table:
    return world.store.table("flutterwave.tokens")
