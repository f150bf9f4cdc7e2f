"""Slots, heights and blockhashes."""

from typing import Any

from sandbox.localnet.chain import BLOCKHASH_LIFE_SLOTS
from sandbox.localnet.genesis import height
from sandbox.localnet.rpc import errors
from sandbox.localnet.rpc.params import Call, with_context

SLOTS_PER_EPOCH = 432_000
PRIORITIZATION_SLOTS = 150


def get_slot(call: Call) -> int:
    """getSlot: the newest slot of a commitment."""
    return call.view.bank(call.options(0))


def get_block_height(call: Call) -> int:
    """getBlockHeight: the newest height of a commitment."""
    return height(call.view.bank(call.options(0)))


def get_latest_blockhash(call: Call) -> dict[str, Any]:
    """getLatestBlockhash: with the last block height at which it is accepted."""
    slot = call.view.bank(call.options(0))
    return with_context(slot, latest_blockhash(call, slot))


def latest_blockhash(call: Call, slot: int) -> dict[str, Any]:
    """The blockhash of a slot and the last height (not slot) at which it is accepted."""
    last = height(slot) + BLOCKHASH_LIFE_SLOTS
    return {"blockhash": call.chain.genesis.blockhash(slot), "lastValidBlockHeight": last}


def is_blockhash_valid(call: Call) -> dict[str, Any]:
    """isBlockhashValid: in the bank of a commitment."""
    slot = call.view.bank(call.options(1))
    return with_context(slot, call.chain.blockhash_alive(call.at(0, str), slot))


def get_epoch_info(call: Call) -> dict[str, Any]:
    """getEpochInfo: epochs have mainnet's length."""
    slot = call.view.bank(call.options(0))
    return {
        "absoluteSlot": slot,
        "blockHeight": height(slot),
        "epoch": slot // SLOTS_PER_EPOCH,
        "slotIndex": slot % SLOTS_PER_EPOCH,
        "slotsInEpoch": SLOTS_PER_EPOCH,
        "transactionCount": len(call.chain.history),
    }


def get_first_available_block(call: Call) -> int:
    """getFirstAvailableBlock: the first slot that a purge has left."""
    return call.view.first_available


def get_block_time(call: Call) -> int:
    """getBlockTime: unix seconds; -32009 for a slot that is purged, not reached, or before the last start."""
    slot = call.at(0, int)
    moment = call.chain.time_of(slot)
    if moment is None or not call.view.first_available <= slot <= call.view.head("confirmed"):
        raise errors.slot_skipped(slot)
    return moment


def get_recent_prioritization_fees(call: Call) -> list[dict[str, int]]:
    """getRecentPrioritizationFees: always zero, blocks here are never full."""
    newest = call.view.head("processed")
    return [
        {"slot": slot, "prioritizationFee": 0}
        for slot in range(newest - PRIORITIZATION_SLOTS + 1, newest + 1)
    ]


METHODS = {
    "getSlot": get_slot,
    "getBlockHeight": get_block_height,
    "getLatestBlockhash": get_latest_blockhash,
    "isBlockhashValid": is_blockhash_valid,
    "getEpochInfo": get_epoch_info,
    "getBlockTime": get_block_time,
    "getFirstAvailableBlock": get_first_available_block,
    "minimumLedgerSlot": get_first_available_block,
    "getRecentPrioritizationFees": get_recent_prioritization_fees,
}
