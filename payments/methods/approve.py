"""Methods of providers that pull by approval: what the payer signs, whether it stands, and making it usable.

Calls out to the provider, never inside a transaction; what it learns is stored with its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from engine.audit.act import note
from engine.core import clock, money
from engine.core.actor import SYSTEM, Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.core.metadata import check_metadata
from engine.providers import registry
from engine.providers.abilities import ApprovalAsked, ApprovalFound
from engine.providers.base import ProviderUnavailable
from payments.methods import rows
from payments.methods.found import find, store
from payments.models import PaymentMethod

DEFAULT = "solana_delegate"


@dataclass(frozen=True, slots=True)
class Added:
    """A pending method, and the approval its payer is to give."""

    method: PaymentMethod
    approval: ApprovalAsked


def ask(
    *,
    wallet: str,
    currency: str,
    add_minor: int,
    commitments_minor: int = 0,
    provider: str = DEFAULT,
    options: Mapping[str, Any] | None = None,
) -> ApprovalAsked:
    """The unsigned approval (base64) for the wallet to sign. Calls out, writes nothing.

    `add_minor` is what this commitment may pull in all; what is left of an approval of ours is kept on top.
    Raises Refusal for a malformed wallet, a currency without an allowed token, an amount that is no whole number
    above zero, or a provider that does not answer.
    """
    try:
        return registry.approving(provider).ask_approval(
            payer=wallet,
            currency=currency,
            add_minor=add_minor,
            commitments_minor=commitments_minor,
            options=options or {},
        )
    except ProviderUnavailable as fault:
        raise rows.silent(provider, fault) from None


def keep(
    asked: ApprovalAsked,
    *,
    customer_id: UUID,
    currency: str,
    provider: str = DEFAULT,
    metadata: Mapping[str, Any] | None = None,
    by: Actor = SYSTEM,
) -> PaymentMethod:
    """A pending method for an approval that was asked for. Writes."""
    by.must_be(Role.OPERATOR, "add_method")
    with transaction.atomic():
        method = PaymentMethod.objects.create(
            id=uuid7(), customer_id=customer_id, provider=provider, currency=currency, details=dict(asked.details),
            metadata=check_metadata(metadata), created_at=clock.machine_now(),
        )  # fmt: skip
        after = {"customer_id": customer_id, "provider": provider, "currency": currency,
                 "wallet": asked.details.get("payer", "")}  # fmt: skip
        note(by, "add_method", PaymentMethod, method.pk, after=after)
    return method


def add(
    *,
    customer_id: UUID,
    wallet: str,
    currency: str,
    add_minor: int,
    commitments_minor: int = 0,
    provider: str = DEFAULT,
    options: Mapping[str, Any] | None = None,
    by: Actor = SYSTEM,
) -> Added:
    """`ask`, then `keep`: a pending method, and the approval for its wallet to sign. Calls out, then commits."""
    by.must_be(Role.OPERATOR, "add_method")
    asked = ask(wallet=wallet, currency=currency, add_minor=add_minor, commitments_minor=commitments_minor,
                provider=provider, options=options)  # fmt: skip
    return Added(keep(asked, customer_id=customer_id, currency=currency, provider=provider, by=by), asked)


def ask_again(
    method_id: UUID,
    *,
    add_minor: int,
    commitments_minor: int = 0,
    options: Mapping[str, Any] | None = None,
) -> ApprovalAsked:
    """A fresh approval for a method whose approval is used up, revoked or too small. Calls out, reads.

    Raises Refusal as `ask`, and for a method that is not there or was removed.
    """
    method = rows.get(method_id)
    rows.not_removed(method)
    registry.approving(method.provider)
    return ask(wallet=method.details["payer"], currency=method.currency, add_minor=add_minor,
               commitments_minor=commitments_minor, provider=method.provider, options=options)  # fmt: skip


_TOO_SMALL = "The approval does not cover the amount; give it again."


def look(method_id: UUID, *, needed_minor: int, by: Actor = SYSTEM, keep: bool = True) -> ApprovalFound:
    """The approval that stands at the provider, if it covers `needed_minor`. Calls out.

    Raises Refusal with the provider's own reason where it does not: then the reason is stored with the method
    (writes and commits) unless `keep` is False; where it does nothing is written.
    """
    by.must_be(Role.OPERATOR, "activate_method")
    try:
        money.positive(needed_minor, param="needed_minor")
    except money.MoneyError as fault:
        raise Refusal("amount_invalid", str(fault), param=fault.param) from None
    method = rows.get(method_id)
    rows.not_removed(method)
    found = find(method, needed_minor)
    if not found.granted or found.allowance_minor < needed_minor:
        if keep:
            store(method, found, activate=False, by=by)
        raise Refusal(found.code or "allowance_too_small", found.message or _TOO_SMALL,
                      param="payment_method")  # fmt: skip
    return found


def use(method_id: UUID, found: ApprovalFound, *, by: Actor = SYSTEM) -> PaymentMethod:
    """Make the method usable with the approval that a `look` found. Writes. Raises Refusal if it was removed."""
    by.must_be(Role.OPERATOR, "activate_method")
    stored = store(rows.get(method_id), found, activate=True, by=by)
    rows.not_removed(stored)
    return stored


def activate(method_id: UUID, *, needed_minor: int, by: Actor = SYSTEM) -> PaymentMethod:
    """`look`, then `use`: make the method usable once an approval stands. Calls out, then writes and commits."""
    return use(method_id, look(method_id, needed_minor=needed_minor, by=by), by=by)
