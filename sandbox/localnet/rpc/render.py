"""Landed transactions in the shapes of getTransaction."""

import base64
from typing import Any

from solders.instruction import CompiledInstruction
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction_metadata import TransactionMetadata

from sandbox.localnet import base58, tokens, wire
from sandbox.localnet.history import Landed
from sandbox.localnet.vm import Vm


def status(err: Any) -> dict[str, Any]:
    """The old ``status`` member; solders rejects answers without it."""
    return {"Ok": None} if err is None else {"Err": err}


def version(landed: Landed) -> int | str:
    """``legacy`` or 0."""
    return "legacy" if isinstance(landed.incoming.message, Message) else 0


def transaction(landed: Landed, encoding: str) -> Any:
    """The ``transaction`` member: bytes with their encoding, or the message spelled out."""
    if encoding == "base64":
        return [base64.b64encode(landed.incoming.raw).decode(), "base64"]
    if encoding == "base58":
        return [base58.encode(landed.incoming.raw), "base58"]
    parsed = encoding == "jsonParsed"
    return {
        "signatures": [str(each) for each in landed.incoming.tx.signatures],
        "message": _message_parsed(landed) if parsed else _message(landed),
    }


def _message(landed: Landed) -> dict[str, Any]:
    message = landed.incoming.message
    header = message.header
    shown: dict[str, Any] = {
        "header": {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        },
        "accountKeys": [str(each) for each in message.account_keys],
        "recentBlockhash": landed.incoming.blockhash,
        "instructions": [_instruction(each, 1) for each in message.instructions],
    }
    if not isinstance(message, Message):
        shown["addressTableLookups"] = [
            {"accountKey": str(table), "writableIndexes": list(writes), "readonlyIndexes": list(reads)}
            for table, writes, reads in wire.lookups(message)
        ]
    return shown


def _message_parsed(landed: Landed) -> dict[str, Any]:
    """jsonParsed with every instruction in the partly decoded form nodes use for unknown programs."""
    message, outcome = landed.incoming.message, landed.outcome
    static, writable_loaded = len(message.account_keys), len(outcome.loaded[0])
    keys = [
        {
            "pubkey": str(key),
            "signer": index < message.header.num_required_signatures,
            "writable": _writable(message, index) if index < static else index < static + writable_loaded,
            "source": "transaction" if index < static else "lookupTable",
        }
        for index, key in enumerate(outcome.keys)
    ]
    instructions = [_instruction_parsed(each, outcome.keys) for each in message.instructions]
    blockhash = landed.incoming.blockhash
    return {"accountKeys": keys, "recentBlockhash": blockhash, "instructions": instructions}


def _writable(message: Message | MessageV0, index: int) -> bool:
    """Whether a static key may be written: signers first, the read-only ones last in each half."""
    header, keys = message.header, len(message.account_keys)
    signers = header.num_required_signatures
    if index < signers:
        return index < signers - header.num_readonly_signed_accounts
    return index < keys - header.num_readonly_unsigned_accounts


def meta(landed: Landed, vm: Vm) -> dict[str, Any]:
    """The ``meta`` member."""
    outcome = landed.outcome
    return {
        "err": outcome.err,
        "status": status(outcome.err),
        "fee": outcome.fee,
        "preBalances": outcome.pre,
        "postBalances": outcome.post,
        "innerInstructions": inner_instructions(outcome.meta),
        "logMessages": outcome.meta.logs(),
        "preTokenBalances": [_token_balance(each, vm) for each in outcome.pre_tokens],
        "postTokenBalances": [_token_balance(each, vm) for each in outcome.post_tokens],
        "rewards": [],
        "loadedAddresses": {
            "writable": [str(each) for each in outcome.loaded[0]],
            "readonly": [str(each) for each in outcome.loaded[1]],
        },
        "computeUnitsConsumed": outcome.meta.compute_units_consumed(),
    }


def inner_instructions(meta: TransactionMetadata) -> list[dict[str, Any]]:
    """Instructions that programs called, by the index of the outer one."""
    return [
        {
            "index": index,
            "instructions": [_instruction(each.instruction(), each.stack_height()) for each in called],
        }
        for index, called in enumerate(meta.inner_instructions())
        if called
    ]


def _instruction(ix: CompiledInstruction, stack_height: int | None) -> dict[str, Any]:
    return {
        "programIdIndex": ix.program_id_index,
        "accounts": list(bytes(ix.accounts)),
        "data": base58.encode(bytes(ix.data)),
        "stackHeight": stack_height,
    }


def _instruction_parsed(ix: CompiledInstruction, keys: list[Pubkey]) -> dict[str, Any]:
    return {
        "programId": str(keys[ix.program_id_index]),
        "accounts": [str(keys[index]) for index in bytes(ix.accounts)],
        "data": base58.encode(bytes(ix.data)),
        "stackHeight": 1,
    }


def _token_balance(held: tokens.TokenBalance, vm: Vm) -> dict[str, Any]:
    return {
        "accountIndex": held.index,
        "mint": str(held.mint),
        "owner": str(held.owner),
        "programId": str(held.program),
        "uiTokenAmount": tokens.ui_amount(held.amount, vm.decimals(held.mint)),
    }
