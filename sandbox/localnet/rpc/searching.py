"""Statuses and history."""

from typing import Any

from sandbox.localnet.history import Landed
from sandbox.localnet.rpc import errors, render
from sandbox.localnet.rpc.params import Call, check_signature, limited, with_context
from sandbox.localnet.view import View, settled_commitment

STATUSES_MAX = 256
SIGNATURES_MAX = 1000


def get_signature_statuses(call: Call) -> dict[str, Any]:
    """getSignatureStatuses: up to 256; null for what this node does not know."""
    wanted = call.at(0, list)
    if len(wanted) > STATUSES_MAX:
        raise errors.invalid_params(f"Too many inputs provided; max {STATUSES_MAX}")
    search = bool(call.options(1).get("searchTransactionHistory"))
    view = call.view
    values = []
    for text in wanted:
        signature = check_signature(text)
        landed = view.find(signature, "processed") if search else view.recent(signature)
        values.append(_status(view, landed) if landed else None)
    return with_context(view.head("processed"), values)


def _status(view: View, landed: Landed) -> dict[str, Any]:
    reached = view.status_of(landed)
    depth = view.head("processed") - landed.slot
    err = landed.outcome.err
    return {
        "slot": landed.slot,
        "confirmations": None if reached == "finalized" else depth,
        "status": render.status(err),
        "err": err,
        "confirmationStatus": reached,
    }


def get_transaction(call: Call) -> dict[str, Any] | None:
    """getTransaction: null until it has reached the commitment, and again after a purge."""
    signature = check_signature(call.at(0, str))
    # The second parameter may be a bare encoding name instead of options.
    bare = len(call.params) > 1 and isinstance(call.params[1], str)
    options = {"encoding": call.params[1]} if bare else call.options(1)
    landed = call.view.find(signature, settled_commitment(options))
    if landed is None:
        return None
    version = render.version(landed)
    if version == 0 and "maxSupportedTransactionVersion" not in options:
        raise errors.RpcError(
            errors.UNSUPPORTED_VERSION,
            "Transaction version (0) is not supported by the requesting client. Please try the request "
            'again with the following configuration parameter: "maxSupportedTransactionVersion": 0',
        )
    result = {
        "slot": landed.slot,
        "blockTime": landed.block_time,
        "transaction": render.transaction(landed, options.get("encoding", "json")),
        "meta": render.meta(landed, call.chain.vm),
    }
    return result | {"version": version} if "maxSupportedTransactionVersion" in options else result


def get_signatures_for_address(call: Call) -> list[dict[str, Any]]:
    """getSignaturesForAddress: newest first; ``before`` and ``until`` exclude themselves."""
    address, options = bytes(call.pubkey(0)), call.options(1)
    limit = limited(options, "limit", SIGNATURES_MAX)
    commitment = settled_commitment(options)
    call.view.bank(options)
    before = check_signature(options["before"]) if "before" in options else None
    until = check_signature(options["until"]) if "until" in options else None
    found: list[dict[str, Any]] = []
    started = before is None
    for landed in call.view.of_address(address, commitment):
        if landed.signature == until or len(found) == limit:
            break
        if started:
            found.append(_line(call.view, landed))
        started = started or landed.signature == before
    return found


def _line(view: View, landed: Landed) -> dict[str, Any]:
    return {
        "signature": landed.signature,
        "slot": landed.slot,
        "err": landed.outcome.err,
        "memo": landed.memo,
        "blockTime": landed.block_time,
        "confirmationStatus": view.status_of(landed),
    }


METHODS = {
    "getSignatureStatuses": get_signature_statuses,
    "getTransaction": get_transaction,
    "getSignaturesForAddress": get_signatures_for_address,
}
