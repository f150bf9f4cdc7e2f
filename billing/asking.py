"""How an invoice is asked for: the payment that will collect it, or why there is none."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings

from billing.draft import Draft
from engine.core import money
from engine.core.ids import uuid7
from engine.providers import registry
from engine.providers.base import Sheet
from payments.charge import Charge, queue_of
from payments.models import PaymentMethod


class NoPayment(NamedTuple):
    """Why an invoice stays open without a payment: `code` for programs, `sentence` for people."""

    code: str
    sentence: str


PAYABLE = NoPayment("", "")
# A direct pull can carry a fee only as a second leg to a wallet of ours; it is never waived in silence.
FEE_WALLET_MISSING = NoPayment(
    "fee_wallet_missing", "The platform takes a fee and has no wallet for it: set SOLANA_FEE_WALLET and let the "
    "payer approve again."
)  # fmt: skip


def ask(draft: Draft, amount_minor: int) -> Charge | NoPayment:
    """The charge of `amount_minor` for `draft`, or why nothing is charged. Pure but for settings."""
    if not draft.auto_pay:
        return NoPayment("auto_pay_off", "Automatic payment is off; the customer pays by hand.")
    if draft.method_id is None or draft.provider is None:
        return NoPayment("no_payment_method", "There is no payment method to collect from.")
    if draft.method_state != PaymentMethod.State.ACTIVE:
        return NoPayment(
            "payment_method_not_active", f"The payment method is {draft.method_state}, not active."
        )
    if draft.method_currency != draft.currency:
        return NoPayment("currency_mismatch", f"The payment method pays in {draft.method_currency}, the invoice "
                         f"is in {draft.currency}.")  # fmt: skip
    if not registry.known(draft.provider):  # sweep.py asks again once it is
        return NoPayment("provider_not_configured", f"{draft.provider} is not configured here; it is asked for once "
                         "that is back.")  # fmt: skip
    sheet = registry.get(draft.provider).sheet
    refused = limits(sheet, draft.currency, amount_minor)
    if refused:
        return refused
    if sheet.settlement == "direct" and not draft.payee:
        return NoPayment("payee_without_wallet", "The creator has no wallet to be paid to.")
    asked = _charge(draft, sheet, amount_minor)
    if asked.fee_minor and sheet.settlement == "direct" and not asked.instructions.get("fee_wallet"):
        return FEE_WALLET_MISSING
    return asked


def limits(sheet: Sheet, currency: str, amount_minor: int) -> NoPayment | None:
    """Why a provider can't collect that amount by its sheet; None where it can. Pure."""
    lowest = sheet.minimum_minor.get(currency, 0)
    if "charge" not in sheet.operations or currency not in sheet.currencies:
        return NoPayment("currency_not_supported", f"{sheet.provider} does not collect {currency}.")
    if amount_minor < lowest:
        return NoPayment(
            "below_minimum", f"{amount_minor} is below the {lowest} that {sheet.provider} collects."
        )
    if amount_minor > sheet.maximum_minor:
        return NoPayment("above_maximum", f"{amount_minor} is above what {sheet.provider} collects at once.")
    return None


def _charge(draft: Draft, sheet: Sheet, amount_minor: int) -> Charge:
    assert draft.method_id is not None and draft.provider is not None
    instructions = {**_details(draft.details or "{}"), "payee": draft.payee}
    return Charge(
        source_kind="invoice",
        source_id=draft.id,
        no=draft.payments_made + 1,
        provider=draft.provider,
        clock_id=draft.clock_id,
        method_id=draft.method_id,
        # A link that nobody pays keeps no other debt of its payer waiting: nothing is pulled, so nothing queues.
        queue_key=queue_of(draft.provider, instructions, draft.method_id) if sheet.pulls else uuid7(),
        due_at=draft.period_start,
        grace_until=draft.period_start + timedelta(seconds=settings.ENV.grace_period),
        currency=draft.currency,
        amount_minor=amount_minor,
        fee_minor=money.share(amount_minor, draft.fee_bps),
        instructions=instructions,
        customer_id=draft.customer_id,
        creator_id=draft.creator_id,
        correlation_id=draft.correlation_id,
    )


@lru_cache(maxsize=10_000)
def _details(text: str) -> dict[str, Any]:
    return dict(json.loads(text))
