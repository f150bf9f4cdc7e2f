"""Which postings a decision makes: docs/ledger.md, row by row, for the money that moved."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from engine.core import sql
from engine.ledger import accounts
from engine.ledger.chart import Kind
from engine.ledger.posting import Leg
from payments.pipeline import rows
from payments.pipeline.rows import Row

REFUSED = "payment.refused"  # a success in suspense, for its source's hook refused it
_MIRRORS = {"late.applied": "late.reversed", "suspense.applied": "suspense.reversed"}


def settlement(row: Row, business_at: datetime, *, credit: str, kind: str, source: UUID) -> list[Leg]:
    """What arrived, against the account of role `credit` (receivable, unapplied, suspense).

    direct: the creator's part cleared as settled, the platform's fee as held at the provider.
    platform: all of it held at the provider. Never more than arrived.
    """
    gross, fee = row.gross_minor or 0, row.got_fee_minor if row.got_fee_minor is not None else row.fee_minor
    fee = min(fee, gross)
    against = row.accounts[credit]
    parts = [(0, "settled_direct", gross - fee), (1, "clearing", fee)]
    if row.settlement == "platform":
        parts = [(0, "clearing", gross)]
    return [
        Leg(kind, source, seq, row.accounts[role], against, row.got_currency, amount, business_at)
        for seq, role, amount in parts
        if amount > 0
    ]


def succeeded(row: Row, business_at: datetime, *, refused: bool = False) -> list[Leg]:
    """A success clears the receivable and takes the fee; if the source's hook refused it, suspense holds it.

    A refund that is done is no longer to be given back, whoever refused to hear of it.
    """
    if row.operation == "refund":
        return _given_back(
            row, business_at, "refund.succeeded", row.payment_id, [("refunds_payable", row.gross_minor)]
        )
    kind = REFUSED if refused else "payment.succeeded"
    role = "suspense" if refused else "receivable"
    legs = settlement(row, business_at, credit=role, kind=kind, source=row.payment_id)
    if refused:
        return legs
    at = row.accounts
    shares = [(2, "fee_income", row.fee_minor)]
    if row.settlement == "platform":
        shares.append((3, "payable", row.amount_minor - row.fee_minor))
    return legs + [
        Leg(kind, row.payment_id, seq, at["billed"], at[role], row.currency, amount, business_at)
        for seq, role, amount in shares
        if amount > 0
    ]


def late(row: Row, business_at: datetime) -> list[Leg]:
    """What arrived after the end, to unapplied; what was given back then, out of whom it is taken from."""
    if row.operation == "refund":
        parts = [("payable", row.amount_minor - row.fee_minor), ("fee_income", row.fee_minor)]
        return _given_back(row, business_at, "refund.succeeded_late", row.attempt_id, parts)
    kind = "payment.succeeded_late"
    return settlement(row, business_at, credit="unapplied", kind=kind, source=row.attempt_id)


def mismatch(row: Row, business_at: datetime) -> list[Leg]:
    """What arrived, in its own currency, to suspense: once per movement of the payment (design 3)."""
    if row.got_currency != row.currency:
        row = row._replace(accounts=_foreign(row))
    source = movement(row.payment_id, row.movement_id or row.identity)
    if row.operation == "refund":
        return _given_back(row, business_at, "refund.mismatch", source, [("suspense", row.gross_minor)])
    return settlement(row, business_at, credit="suspense", kind="payment.mismatch", source=source)


def _given_back(
    row: Row, business_at: datetime, kind: str, source: UUID, parts: Sequence[tuple[str, int | None]]
) -> list[Leg]:
    """What left the provider for a payer, out of the accounts of these roles."""
    return [
        Leg(
            kind,
            source,
            seq,
            row.accounts[role],
            row.accounts["clearing"],
            row.got_currency,
            amount,
            business_at,
        )
        for seq, (role, amount) in enumerate(parts)
        if amount
    ]


def taken_back(row: Row, business_at: datetime) -> list[Leg]:
    """The mirror of what booked this attempt's money, leg by leg, under the key of that booking: once.

    Where it was applied since, out of unapplied or out of suspense, of that too.
    """
    return [
        Leg(_MIRRORS.get(one.kind, "payment.reversed"), one.source_id, one.seq, one.credit, one.debit, one.currency,
            one.amount_minor, business_at)
        for one in rows.mirrored([row.evidence_id])
    ]  # fmt: skip


def left_twice(row: Row, business_at: datetime) -> list[Leg]:
    """What was given back of this attempt's money, once more: a loss of ours, under the key of that booking."""
    return [
        Leg("payment.left_twice", one.source_id, one.seq, _lost(one.currency), one.debit, one.currency,
            one.amount_minor, business_at)
        for one in rows.returned([row.evidence_id])
    ]  # fmt: skip


def _lost(currency: str) -> int:
    key = accounts.Key(Kind.WRITE_OFF, currency)
    return accounts.ensure([key])[key]


def movement(payment_id: UUID, name: str) -> UUID:
    """The key of one movement for a payment, one that SQL can make too (ops/sql/check_movements.sql).

    Where the provider names no movement, the identity of its attempt does.
    """
    return UUID(hashlib.md5(f"{payment_id}:{name}".encode(), usedforsecurity=False).hexdigest())


def network_fee(row: Row, business_at: datetime, *, succeeded: bool) -> list[Leg]:
    """What it cost us, once: in a decline's leg or in that of what arrived. Settled directly our hot wallet paid the
    chain; settled on the platform the gateway kept it back from what it holds for us.

    Where money was booked for the attempt before (its amount differed, it came late), its fee was too and stands;
    where the movement was booked under another attempt, only what is beyond the fee that was booked there. Where a
    gateway
    took a further movement under one attempt, that has a fee of its own, by its own key; on a chain both are one
    transaction.
    """
    seq, amount = int(succeeded), row.network_fee_minor - (row.booked_fee_minor if succeeded else 0)
    again = row.attempt_state not in ("sent", "pending")
    source = row.attempt_id
    if amount > 0 and succeeded and again and _is_further(row):
        source = movement(row.payment_id, row.movement_id)
    if amount <= 0 or (again and _is_booked("attempt.network_fee", source, seq)):
        return []
    currency = row.network_currency
    payer = f"{Kind.CLEARING}:{row.provider}" if row.settlement == "platform" else Kind.FEE_PAYER
    keys = accounts.Key(Kind.NETWORK_FEE, currency), accounts.Key(payer, currency)
    found = accounts.ensure(keys)
    return [
        Leg(
            "attempt.network_fee",
            source,
            seq,
            found[keys[0]],
            found[keys[1]],
            currency,
            amount,
            business_at,
        )
    ]


def _is_further(row: Row) -> bool:
    """Another movement was booked under this attempt before this one."""
    params = {"attempt": row.attempt_id, "movement": row.movement_id}
    if row.settlement != "platform" or not row.movement_id:
        return False
    return bool(sql.rows(sql.statement(__file__, "is_further"), params))


def _is_booked(kind: str, source: UUID, seq: int) -> bool:
    params = {"source": source, "kind": kind, "seq": seq}
    return bool(sql.rows(sql.statement(__file__, "is_booked"), params))


def _foreign(row: Row) -> dict[str, int]:
    """Accounts of the currency that did arrive; the frozen ones are of the one that was asked."""
    currency = row.got_currency
    roles = {
        "settled_direct": accounts.Key(Kind.SETTLED_DIRECT, currency),
        "clearing": accounts.Key(f"{Kind.CLEARING}:{row.provider}", currency),
        "suspense": accounts.Key(Kind.SUSPENSE, currency),
    }
    found = accounts.ensure(roles.values())
    return {role: found[key] for role, key in roles.items()}
