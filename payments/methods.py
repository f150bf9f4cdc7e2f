"""Payment methods on `solana_delegate`: the approval a wallet signs, its activation, its checks.

Calls out to the chain before and after, never inside a transaction; what it learns is stored with its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from engine.core import clock
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.outbox.emit import NewEvent, emit
from engine.providers.solana import approval
from engine.providers.solana.addresses import mint_decimals, mint_of, public_key, token_account
from engine.providers.solana.approval import Approval, ApprovalCheck
from engine.providers.solana.faults import RpcFault
from engine.providers.solana.sheet import NAME
from payments.models import PaymentMethod


@dataclass(frozen=True, slots=True)
class Asked:
    """A new method with the transaction its wallet is to sign."""

    method: PaymentMethod
    approval: Approval


def add(
    *, customer_id: UUID, wallet: str, currency: str, add_minor: int, commitments_minor: int = 0,
    wrap_lamports: int = 0, strict_once: bool = False,
) -> Asked:  # fmt: skip
    """A pending method for the wallet's token account, and the unsigned approval (base64) for it.

    `add_minor` is what this commitment may pull in all; what is left of an approval of ours is kept on top.
    Calls out, then writes and commits. Raises Refusal for a malformed wallet, a currency without an allowed
    mint or an amount that is no whole number above zero; ProviderSilent when no node answers.
    """
    mint = mint_of(currency)
    asked = _ask(wallet, mint, add_minor, commitments_minor, wrap_lamports)
    method = PaymentMethod.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        provider=NAME,
        currency=currency,
        details=_details(wallet, mint, asked.collector, strict_once),
        created_at=clock.machine_now(),
    )
    return Asked(method, asked)


def ask_again(
    method_id: UUID, *, add_minor: int, commitments_minor: int = 0, wrap_lamports: int = 0
) -> Approval:
    """A fresh approval for a method whose approval is used up, revoked or too small. Calls out, reads."""
    details = _get(method_id).details
    return _ask(details["payer"], details["mint"], add_minor, commitments_minor, wrap_lamports)


def activate(method_id: UUID, *, needed_minor: int) -> PaymentMethod:
    """Make the method usable once delegate and allowance for `needed_minor` stand on the chain.

    Calls out, then writes and commits. Raises Refusal with the chain's own reason otherwise; the reason is
    stored with the method too.
    """
    method = _get(method_id)
    if method.state == PaymentMethod.State.REMOVED:
        raise Refusal("payment_method_removed", "this payment method was removed", param="payment_method")
    found = _check(method, needed_minor)
    covered = found.collector is not None and found.allowance_minor >= needed_minor
    _store(method, found, activate=covered)
    if not covered:
        raise Refusal(
            found.code or "allowance_too_small", found.sentence or _TOO_SMALL, param="payment_method"
        )
    method.refresh_from_db()
    return method


def remove(method_id: UUID) -> None:
    """Take the method out of use. Payments already scheduled with it are the caller's to cancel. Writes."""
    if not PaymentMethod.objects.filter(pk=method_id).update(state=PaymentMethod.State.REMOVED):
        _get(method_id)


def check(needs: Sequence[tuple[UUID, int]]) -> list[tuple[UUID, ApprovalCheck]]:
    """Check methods against what they will be asked for (minor units), and warn of those that would fail.

    Calls out, then writes and commits per method: balance, allowance, what is wrong, and for something new
    an event `payment_method.warning`.
    """
    methods = PaymentMethod.objects.in_bulk([method_id for method_id, _ in needs])
    results = []
    for method_id, needed in needs:
        method = methods.get(method_id)
        if method is None or method.state == PaymentMethod.State.REMOVED:
            continue
        found = _check(method, needed)
        _store(method, found, activate=False)
        results.append((method_id, found))
    return results


_TOO_SMALL = "The approval on the chain does not cover the amount; sign the approval again."


def _ask(wallet: str, mint: str, add_minor: int, commitments_minor: int, wrap_lamports: int) -> Approval:
    try:
        return approval.approval_transaction(
            wallet=wallet,
            mint=mint,
            add_minor=add_minor,
            commitments_minor=commitments_minor,
            wrap_lamports=wrap_lamports,
        )
    except RpcFault as fault:
        raise Refusal("provider_unavailable", f"the chain can't be asked now: {fault}", param="") from None


def _check(method: PaymentMethod, needed_minor: int) -> ApprovalCheck:
    details = method.details
    try:
        return approval.check_approval(details["payer"], details["mint"], needed_minor)
    except RpcFault as fault:
        raise Refusal("provider_unavailable", f"the chain can't be asked now: {fault}", param="") from None


def _details(wallet: str, mint: str, collector: int, strict_once: bool) -> dict[str, Any]:
    return {
        "mint": mint,
        "decimals": mint_decimals(mint),
        "payer": str(public_key(wallet, "wallet")),
        "source": token_account(wallet, mint),
        "collector": collector,
        "fee_wallet": settings.ENV.solana_fee_wallet,
        "strict_once": strict_once,
    }


def _store(method: PaymentMethod, found: ApprovalCheck, *, activate: bool) -> None:
    """What the chain said, with its time; news is told. The approved collector key is pinned on activation."""
    with transaction.atomic():
        now = clock.machine_now()
        locked = PaymentMethod.objects.select_for_update().get(pk=method.pk)
        news = bool(found.code) and found.code != locked.check_code
        locked.checked_at, locked.check_code, locked.check_message = now, found.code, found.sentence
        locked.balance_minor, locked.allowance_minor = found.balance_minor, found.allowance_minor
        locked.warnings += int(news)
        if activate and locked.state != PaymentMethod.State.REMOVED:
            locked.details["collector"] = found.collector
            locked.state = PaymentMethod.State.ACTIVE
        locked.save()
        if news:
            payload = {"payment_method_id": method.pk, "customer_id": method.customer_id, **asdict(found)}
            emit([NewEvent("payment_method.warning", "payment_method", method.pk, locked.warnings, 0, now, None,
                           payload)], machine_at=now)  # fmt: skip


def _get(method_id: UUID) -> PaymentMethod:
    try:
        return PaymentMethod.objects.get(pk=method_id)
    except PaymentMethod.DoesNotExist:
        raise Refusal(
            "payment_method_unknown", "there is no such payment method", param="payment_method"
        ) from None
