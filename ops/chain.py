"""Our books against the chain's own record: zero unexplained units, or a listed difference (I6)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from engine.core import sql

FEE_CURRENCY = "SOL"


class ChainTransfer(NamedTuple):
    """One executed transaction as the chain recorded it.

    `memo` is the payment id's hex. `gross_minor` of `currency` left the payer (0 where it failed).
    `fee_minor` is what our fee payer has less by it, in lamports: fee and rent, taken for a failure too.
    `err` is None for a success.
    """

    memo: str
    signature: str
    gross_minor: int
    fee_minor: int
    currency: str
    err: object = None


class Difference(NamedTuple):
    """Something on one side alone. `kind` in_transit is none yet: its outcome is being looked up.

    `memo` is the payment's hex. Amounts in minor units of `currency`.
    """

    kind: str
    memo: str
    sentence: str
    chain_minor: int
    booked_minor: int
    currency: str


@dataclass(slots=True)
class _Ours:
    """A payment as our books have it, whatever its money was booked as, with what the chain showed of it."""

    payment_id: UUID
    state: str
    currency: str
    parked: bool
    booked: dict[str, int]  # minor units by currency
    open: bool = False
    fees_booked: int = 0
    fees_taken: int = 0
    paid: list[ChainTransfer] = field(default_factory=list)


def compare_with_chain(
    truth: Iterable[ChainTransfer], *, provider: str = "solana_delegate"
) -> list[Difference]:
    """What the chain and our books do not agree on, by payment; empty when all is explained. Reads.

    Every successful transfer is booked once, with its amount, to what it was for, to unapplied or to suspense,
    and the reverse; the network fees booked are what our transactions took. What carries neither a signature nor
    a memo of ours is left out. On a running system take the record of the chain first: what lands later is not in it.
    """
    ours, by_signature = _read(provider)
    differences = []
    for transfer in truth:
        one = by_signature.get(transfer.signature)
        if one is not None:
            one.fees_taken += transfer.fee_minor
        else:
            one = ours.get(transfer.memo)
        if transfer.err is not None:
            continue
        if one is not None:
            one.paid.append(transfer)
        elif transfer.memo:
            sentence = f"{transfer.signature} moved money under a memo that is no payment of ours"
            differences.append(
                Difference(
                    "unknown_memo", transfer.memo, sentence, transfer.gross_minor, 0, transfer.currency
                )
            )
    for one in ours.values():
        differences += _moved(one) + _fees(one)
    return sorted(differences, key=lambda difference: (difference.memo, difference.kind))


def _read(provider: str) -> tuple[dict[str, _Ours], dict[str, _Ours]]:
    """Our payments by hex and by the signatures of their attempts."""
    ours: dict[str, _Ours] = {}
    by_signature: dict[str, _Ours] = {}
    found = sql.rows(sql.statement(__file__, "chain_attempts"), {"provider": provider})
    for signature, is_open, payment_id, state, currency, parked, fee, booked in found:
        one = ours.setdefault(payment_id.hex, _Ours(payment_id, state, currency, parked, json.loads(booked)))
        one.open = one.open or is_open
        one.fees_booked += fee
        by_signature[signature] = one
    return ours, by_signature


def _moved(one: _Ours) -> list[Difference]:
    chain: dict[str, int] = {}
    for transfer in one.paid:
        chain[transfer.currency] = chain.get(transfer.currency, 0) + transfer.gross_minor
    kind, sentence = _why(one, chain)
    if not kind:
        return []
    currency = next((code for code in chain if chain[code] != one.booked.get(code, 0)), one.currency)
    moved, booked = chain.get(currency, 0), one.booked.get(currency, 0)
    return [Difference(kind, one.payment_id.hex, sentence, moved, booked, currency)]


def _why(one: _Ours, chain: dict[str, int]) -> tuple[str, str]:
    """The kind of difference and its sentence; two empty strings where there is none."""
    if len(one.paid) > 1:
        return "paid_twice", f"the chain moved money {len(one.paid)} times for one payment"
    if one.booked and not one.paid:
        return "not_on_chain", f"the payment is {one.state}, and the chain has no such transfer"
    if not one.booked and one.paid:
        if one.open and not one.parked:
            return "in_transit", "it moved on the chain; its outcome is still being looked up"
        return "not_booked", f"the chain moved it; the payment is {one.state}{' and parked' * one.parked}"
    if chain != one.booked:
        return "amount_differs", f"the chain moved {one.paid[0].gross_minor} {one.paid[0].currency}"
    return "", ""


def _fees(one: _Ours) -> list[Difference]:
    if one.fees_taken == one.fees_booked or (one.open and one.fees_taken > one.fees_booked):
        return []
    sentence = "the network took another fee than the one that is booked"
    memo = one.payment_id.hex
    return [Difference("network_fee", memo, sentence, one.fees_taken, one.fees_booked, FEE_CURRENCY)]
