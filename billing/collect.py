"""What became of the money: apply tells each end of a payment here, in its own transaction.

The batch is folded in Python between five statements: lock the invoices, write them, lock their
subscriptions, count the debts of these, write them. Dunning will stand behind this: an open invoice with
`first_failed_at` is its whole input, the subscription's `past_due` its state, and no retry is decided here (I9).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from billing import again, states
from billing.account import Account
from billing.debt import Debt
from engine.core import sql
from engine.core.errors import Refusal
from engine.core.packed import packed
from engine.outbox import emit
from payments.sources import SourceChange

PAUSED = ("subscription_paused", "The subscription was paused.")  # what its invoices say of a pause


def payments_changed(changes: Sequence[SourceChange]) -> None:
    """Record payments of invoices that came to an end, also late. Writes in the caller's transaction.

    The reservation comes off at each end; what succeeded counts as collected. A late success books nothing here.
    No payment's row is locked: whoever holds an invoice never waits for a payment. Raises Refusal, with nothing
    written, for an invoice that is not there or closed, or an amount beyond what is due: payments parks it.
    """
    if not changes:
        return
    debts = _locked_debts(change.source_id for change in changes)
    by_subscription: dict[UUID, list[SourceChange]] = defaultdict(list)
    events: list[emit.NewEvent] = []
    for change in changes:
        debt = debts.get(change.source_id)
        if debt is None:
            raise Refusal("invoice_unknown", f"there is no invoice {change.source_id}", param="source_id")
        debt.take(change)
        by_subscription[debt.subscription_id].append(change)
    _write_debts(debts.values())
    accounts = _locked_accounts(by_subscription)
    for account in accounts.values():
        events += account.take(by_subscription[account.id])
    _write_accounts(accounts.values())
    for change in changes:
        debt = debts[change.source_id]
        events += debt.events(change, accounts[debt.subscription_id])
    emit.emit(events, machine_at=changes[0].machine_at)
    _ask_again(changes, debts, accounts)


def _ask_again(
    changes: Sequence[SourceChange], debts: dict[UUID, Debt], accounts: dict[UUID, Account]
) -> None:
    """What was called back in flight and did not leave: whoever is still billed, or has run out since, is asked for
    that again, from the method and under the terms they have now. A stopped subscription's invoice stays a visible
    debt, also where its end came during a pause; so does one that was called back because another payment of it is in
    question: a person who decides that asks again.
    """
    called_back: dict[UUID, list[UUID]] = defaultdict(list)
    for change in changes:
        subscription_id = debts[change.source_id].subscription_id
        if change.state == "canceled" and _is_asked(accounts[subscription_id].state, change.failure_code):
            called_back[subscription_id].append(change.source_id)
    for subscription_id, invoice_ids in sorted(called_back.items()):
        again.collect_again(subscription_id, machine_at=changes[0].machine_at, only=invoice_ids)


def _is_asked(state: str, why: str) -> bool:
    if why == again.IN_QUESTION.code:
        return False
    return state in states.BILLED or (state in states.ASKED and why != PAUSED[0])


def reservations_off(invoice_ids: Sequence[UUID], *, reason_code: str, reason: str) -> None:
    """Nothing is being collected of these open invoices: their scheduled payment was canceled.

    Writes in the caller's transaction, which must be the one that canceled the payments.
    """
    params = {"ids": list(invoice_ids), "reason_code": reason_code, "reason": reason}
    if invoice_ids:
        sql.affected(sql.statement(__file__, "take_reservations_off"), params)


def _locked_debts(ids: Iterable[UUID]) -> dict[UUID, Debt]:
    found = sql.rows(sql.statement(__file__, "lock_invoices"), {"ids": sorted(set(ids))})
    return {row[0]: Debt(*row) for row in found}


def _locked_accounts(ids: Iterable[UUID]) -> dict[UUID, Account]:
    params = {"ids": sorted(ids)}
    found = sql.rows(sql.statement(__file__, "lock_subscriptions"), params)
    # Counted once the rows are ours: the lock may have waited for another apply of the same subscription.
    debts = dict(sql.rows(sql.statement(__file__, "count_debts"), params))
    return {row[0]: Account(*(*row, debts.get(row[0], 0))) for row in found}


def _write_debts(debts: Iterable[Debt]) -> None:
    kept = list(debts)
    sql.affected(
        sql.statement(__file__, "settle_invoices"),
        {
            "ids": packed(debt.id for debt in kept),
            "states": [debt.state for debt in kept],
            "collectings": packed(debt.collecting_minor for debt in kept),
            "collecteds": packed(debt.collected_minor for debt in kept),
            "versions": packed(debt.version for debt in kept),
            "reason_codes": [debt.reason_code for debt in kept],
            "reasons": [debt.reason for debt in kept],
            "failure_classes": [debt.failure_class for debt in kept],
            "first_failed_ats": packed(debt.first_failed_at for debt in kept),
            "paid_ats": packed(debt.paid_at for debt in kept),
            "refundeds": packed(debt.refunded_minor for debt in kept),
        },
    )


def _write_accounts(accounts: Iterable[Account]) -> None:
    kept = list(accounts)
    sql.affected(
        sql.statement(__file__, "settle_subscriptions"),
        {
            "ids": packed(account.id for account in kept),
            "states": [account.state for account in kept],
            "versions": packed(account.version for account in kept),
            "mades": packed(account.payments_made for account in kept),
            "faileds": packed(account.payments_failed for account in kept),
            "last_payment_ats": packed(account.last_payment_at for account in kept),
            "reason_codes": [account.reason_code for account in kept],
            "reasons": [account.reason for account in kept],
        },
    )
