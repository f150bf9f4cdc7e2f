"""Simulation, on its own and before a send."""

import base64
from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey
from solders.transaction_metadata import TransactionMetadata

from sandbox.localnet import wire
from sandbox.localnet.rpc import errors, render
from sandbox.localnet.rpc.accounts import account_json
from sandbox.localnet.rpc.blocks import latest_blockhash
from sandbox.localnet.rpc.params import Call, parse_pubkey, with_context

TEXTS = {
    "BlockhashNotFound": "Blockhash not found",
    "AlreadyProcessed": "This transaction has already been processed",
    "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
    "InsufficientFundsForFee": "Insufficient funds for fee",
    "SignatureFailure": "Transaction did not pass signature verification",
}


def incoming(call: Call) -> wire.Incoming:
    """The transaction in parameter 0; its encoding is base58 unless the options say base64."""
    encoding = call.options(1).get("encoding", "base58")
    if encoding not in {"base58", "base64"}:
        raise errors.invalid_params(f"unsupported encoding: {encoding}. Supported encodings: base58, base64")
    try:
        return wire.decode(wire.decode_text(call.at(0, str), encoding))
    except wire.WireError as error:
        raise errors.invalid_params(str(error)) from None


def refusal(call: Call, sent: wire.Incoming, slot: int, check_age: bool = True) -> str | None:
    """Why the bank of ``slot`` would not even run a transaction. Age comes first, as in the cluster."""
    call.chain.enter()
    if check_age and not call.chain.spendable(sent, slot):
        return "BlockhashNotFound"
    landed = call.chain.history.get(sent.signature)
    return "AlreadyProcessed" if landed and landed.slot <= call.view.head("processed") else None


def check(call: Call, sent: wire.Incoming, slot: int) -> None:
    """Preflight of a send; raises -32003, -32005 or -32002 with the simulation as data."""
    if not sent.signatures_valid():
        raise errors.RpcError(errors.SIGNATURE_FAILURE, "Transaction signature verification failure")
    if not call.view.healthy:
        raise errors.node_behind(call.view.lag)
    result = run(call, sent, slot)
    if result["err"] is not None:
        text = f"Transaction simulation failed: {describe(result['err'])}"
        raise errors.RpcError(errors.PREFLIGHT_FAILURE, text, result)


def run(call: Call, sent: wire.Incoming, slot: int, check_age: bool = True) -> dict[str, Any]:
    """A simulation result; ``accounts`` and ``innerInstructions`` stay null."""
    refused = refusal(call, sent, slot, check_age)
    if refused:
        return _result(refused, None)
    err, meta, _ = call.chain.vm.simulate(sent.tx)
    return _result(err, meta)


def simulate_transaction(call: Call) -> dict[str, Any]:
    """simulateTransaction."""
    options = call.options(1)
    slot, sent = call.view.bank(options), incoming(call)
    replace, verify = bool(options.get("replaceRecentBlockhash")), bool(options.get("sigVerify"))
    if replace and verify:
        raise errors.invalid_params("sigVerify may not be used with replaceRecentBlockhash")
    if verify and not sent.signatures_valid():
        return with_context(slot, _result("SignatureFailure", None))
    refused = refusal(call, sent, slot, check_age=not replace)
    if refused:
        return with_context(slot, _result(refused, None))
    err, meta, after = call.chain.vm.simulate(sent.tx)
    result = _result(err, meta)
    result["accounts"] = _accounts(call, options.get("accounts"), after)
    if options.get("innerInstructions"):
        result["innerInstructions"] = render.inner_instructions(meta)
    if replace:
        result["replacementBlockhash"] = latest_blockhash(call, slot)
    return with_context(slot, result)


def describe(err: Any) -> str:
    """A transaction error as the sentence nodes print."""
    if isinstance(err, dict) and "InstructionError" in err:
        index, reason = err["InstructionError"]
        custom = reason.get("Custom") if isinstance(reason, dict) else None
        text = f"custom program error: {custom:#x}" if custom is not None else str(reason)
        return f"Error processing Instruction {index}: {text}"
    return TEXTS.get(err, str(err)) if isinstance(err, str) else str(err)


def _result(err: Any, meta: TransactionMetadata | None) -> dict[str, Any]:
    return {
        "err": err,
        "logs": meta.logs() if meta else [],
        "accounts": None,
        "unitsConsumed": meta.compute_units_consumed() if meta else 0,
        "returnData": _return_data(meta) if meta else None,
        "innerInstructions": None,
        "replacementBlockhash": None,
    }


def _return_data(meta: TransactionMetadata) -> dict[str, Any] | None:
    data = meta.return_data()
    if not data.data:
        return None
    return {"programId": str(data.program_id), "data": [base64.b64encode(data.data).decode(), "base64"]}


def _accounts(call: Call, wanted: dict[str, Any] | None, after: dict[Pubkey, Account]) -> Any:
    if not wanted:
        return None
    addresses = [parse_pubkey(text) for text in wanted.get("addresses", ())]
    options = {"encoding": wanted.get("encoding") or "base64"}
    svm = call.chain.vm.svm
    return [account_json(after.get(each) or svm.get_account(each), options) for each in addresses]


METHODS = {"simulateTransaction": simulate_transaction}
