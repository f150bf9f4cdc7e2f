"""What a node says about itself."""

from typing import Any

from sandbox.localnet.rpc import errors
from sandbox.localnet.rpc.params import Call

VERSION = {"solana-core": "3.0.0", "feature-set": 0}


def get_health(call: Call) -> str:
    """getHealth: ok, or -32005 for a node far behind."""
    if not call.view.healthy:
        raise errors.node_behind(call.view.lag)
    return "ok"


def get_version(call: Call) -> dict[str, Any]:
    """getVersion: a made-up release of the node software."""
    return VERSION


def get_genesis_hash(call: Call) -> str:
    """getGenesisHash: the identity of this chain."""
    return call.chain.genesis.hash


METHODS = {"getHealth": get_health, "getVersion": get_version, "getGenesisHash": get_genesis_hash}
