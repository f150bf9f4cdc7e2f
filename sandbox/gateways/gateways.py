"""Which gateways there are."""

from sandbox.gateways.mount import Mount

MOUNTS: list[Mount] = []
