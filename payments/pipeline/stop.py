"""Telling payments to stop that can't be called back at this moment: they are not signed, nor signed anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from engine.core import clock, sql

REMOVED = ("payment_method_removed", "The payment method was removed.")
CHARGE_GONE = ("charge_taken_back", "Its provider took the charge back: nothing of it is left to give back.")


def tell(payment_ids: Iterable[UUID], *, code: str, reason: str) -> None:
    """Mark these locked payments, scheduled or in flight. Writes in the caller's transaction."""
    ids = list(payment_ids)
    if ids:
        params = {"ids": ids, "code": code, "reason": reason, "now": clock.machine_now()}
        sql.affected(sql.statement(__file__, "tell_to_stop"), params)


def without_removed(payment_ids: Iterable[UUID]) -> set[UUID]:
    """The locked payments whose method still stands; the others are told to stop. Writes likewise."""
    ids = list(payment_ids)
    gone = (
        {row[0] for row in sql.rows(sql.statement(__file__, "removed_methods"), {"ids": ids})}
        if ids
        else set()
    )
    tell(sorted(gone), code=REMOVED[0], reason=REMOVED[1])
    return set(ids) - gone


def refunds_of(payment_ids: Sequence[UUID]) -> None:
    """Tell the payments that carry out refunds of these charges, taken back now. Writes in the caller's transaction.

    A hint, as siblings.tell; the rule is `without_charge_gone` (refundable.py).
    """
    if payment_ids:
        params = {"ids": list(payment_ids), "code": CHARGE_GONE[0], "reason": CHARGE_GONE[1]}
        sql.affected(sql.statement(__file__, "tell_refunds"), params)


def without_charge_gone(payment_ids: Iterable[UUID]) -> list[UUID]:
    """The locked payments but for refunds of a charge that was taken back: those are told to stop. Writes likewise."""
    ids = list(payment_ids)
    gone = (
        {row[0] for row in sql.rows(sql.statement(__file__, "charges_gone"), {"ids": ids})} if ids else set()
    )
    tell(sorted(gone), code=CHARGE_GONE[0], reason=CHARGE_GONE[1])
    return [one for one in ids if one not in gone]
