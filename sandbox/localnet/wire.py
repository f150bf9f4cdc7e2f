"""Transactions as they arrive: decoding, signatures, memos, lookup tables."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from solders.instruction import CompiledInstruction
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from sandbox.localnet import base58
from sandbox.localnet.addresses import MEMO_PROGRAMS

PACKET_BYTES_MAX = 1232


class WireError(ValueError):
    """The bytes are not a transaction a node would look at; the text is the node's message."""


@dataclass(slots=True)
class Incoming:
    """A decoded transaction. ``signature`` and ``blockhash`` are base58."""

    raw: bytes
    tx: VersionedTransaction
    message: Message | MessageV0
    signature: str
    blockhash: str

    def signatures_valid(self) -> bool:
        """Whether every required signature fits the message."""
        return all(self.tx.verify_with_results())


def decode_text(text: object, encoding: str) -> bytes:
    """The bytes behind a base64 or base58 parameter."""
    if not isinstance(text, str):
        raise WireError("invalid type: expected a string")
    try:
        return base64.b64decode(text, validate=True) if encoding == "base64" else base58.decode(text)
    except (binascii.Error, ValueError) as error:
        raise WireError(f"invalid {encoding} encoding: {error}") from None


def decode(raw: bytes) -> Incoming:
    """Bytes to a transaction; raises WireError for what a node refuses with -32602."""
    if len(raw) > PACKET_BYTES_MAX:
        raise WireError(f"decoded VersionedTransaction too large: {len(raw)} bytes (max: 1232 bytes)")
    try:
        tx = VersionedTransaction.from_bytes(raw)
    except ValueError as error:
        raise WireError(f"failed to deserialize solana_transaction::VersionedTransaction: {error}") from None
    try:
        tx.sanitize()
    except Exception as error:  # solders raises a type of its own per defect
        raise WireError(f"invalid transaction: {error}") from None
    message = tx.message
    if not isinstance(message, Message | MessageV0):
        raise WireError("invalid transaction: unsupported message version")
    return Incoming(raw, tx, message, str(tx.signatures[0]), str(message.recent_blockhash))


def memos(message: Message | MessageV0) -> list[bytes]:
    """Data of the top-level memo instructions, in order."""
    keys = message.account_keys
    return [bytes(ix.data) for ix in message.instructions if keys[ix.program_id_index] in MEMO_PROGRAMS]


def format_memos(texts: list[bytes]) -> str | None:
    """Memos as the history methods print them: ``[length] text``, joined by ``; ``; None without any."""
    return "; ".join(_format_memo(text) for text in texts) or None


def _format_memo(text: bytes) -> str:
    try:
        return f"[{len(text)}] {text.decode()}"
    except UnicodeDecodeError:
        return "(unparseable)"


def outer_instructions(message: Message | MessageV0) -> Iterator[CompiledInstruction]:
    """Top-level instructions of either message version."""
    yield from message.instructions


def lookups(message: Message | MessageV0) -> list[tuple[Pubkey, bytes, bytes]]:
    """(table, writable indexes, readonly indexes) of a v0 message; empty for a legacy one."""
    if isinstance(message, Message):
        return []
    tables = message.address_table_lookups
    return [(t.account_key, bytes(t.writable_indexes), bytes(t.readonly_indexes)) for t in tables]
