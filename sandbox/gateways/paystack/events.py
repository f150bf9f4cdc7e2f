"""What Paystack tells of. There is no event of a charge that failed, and no event has an id."""

from typing import Any

from sandbox.gateways.paystack.mount import NAME
from sandbox.gateways.world import World


def tell(world: World, kind: str, data: dict[str, Any], reference: str) -> None:
    """A callback of this type."""
    world.hooks.send(NAME, kind, {"event": kind, "data": data}, reference=reference)
