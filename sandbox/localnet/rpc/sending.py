"""Sending transactions, airdrops and fee estimates."""

from typing import Any

from solders.message import from_bytes_versioned
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from sandbox.localnet import wire
from sandbox.localnet.rpc import errors, preflight
from sandbox.localnet.rpc.params import Call, with_context

LAMPORTS_MAX = 2**63


def send_transaction(call: Call) -> str:
    """sendTransaction: the signature. An answer is no proof of landing, here as on a cluster.

    With skipPreflight the node checks nothing: bad signatures, dead blockhashes and duplicates get
    their signature back and go nowhere.
    """
    options = call.options(1)
    sent = preflight.incoming(call)
    call.chain.arrived[sent.signature] += 1
    slot = call.view.bank(options, "preflightCommitment")
    if not options.get("skipPreflight"):
        preflight.check(call, sent, slot)
    _deliver(call, sent)
    return sent.signature


def _deliver(call: Call, sent: wire.Incoming) -> None:
    kind = call.fault.kind if call.fault else None
    if kind == "drop" or call.chain.held(sent.signature):
        return  # a resend does not hurry bytes that a leader already holds
    if kind == "late" and call.fault and not call.chain.history.has(sent.signature):
        call.chain.hold(sent, call.fault.slots)
    else:
        call.chain.land(sent)


def request_airdrop(call: Call) -> str:
    """requestAirdrop: the signature of a transfer from the faucet."""
    lamports = call.at(1, int)
    if not 0 < lamports < LAMPORTS_MAX:
        raise errors.invalid_params("Invalid param: lamports out of range")
    landed = call.chain.airdrop(call.pubkey(0), lamports)
    if landed is None or landed.outcome.err is not None:
        raise errors.RpcError(errors.INTERNAL_ERROR, "Internal error: the faucet could not pay")
    return landed.signature


def get_fee_for_message(call: Call) -> dict[str, Any]:
    """getFeeForMessage: lamports, or null for a blockhash that the bank does not know."""
    slot = call.view.bank(call.options(1))
    try:
        message = from_bytes_versioned(wire.decode_text(call.at(0, str), "base64"))
    except ValueError as error:
        raise errors.invalid_params(f"invalid message: {error}") from None
    unsigned = [Signature.default()] * message.header.num_required_signatures
    asked = wire.decode(bytes(VersionedTransaction.populate(message, unsigned)))
    if not call.chain.spendable(asked, slot):
        return with_context(slot, None)
    _, meta, _ = call.chain.vm.simulate(asked.tx)
    return with_context(slot, meta.fee())


METHODS = {
    "sendTransaction": send_transaction,
    "requestAirdrop": request_airdrop,
    "getFeeForMessage": get_fee_for_message,
}
