"""Stripe's words for why it refused, in the classes that policy acts on."""

from __future__ import annotations

from engine.providers.base import FailureClass

# The issuer will never say yes to this card, or asks that it is not tried again.
NEVER = {
    "do_not_try_again", "fraudulent", "lost_card", "merchant_blacklist", "no_action_taken", "pickup_card",
    "restricted_card", "revocation_of_all_authorizations", "revocation_of_authorization", "security_violation",
    "stolen_card", "stop_payment_order", "transaction_not_allowed",
}  # fmt: skip
# The payer has to do something: give other details, another card, or their agreement.
PAYER = {
    "authentication_required", "card_not_supported", "currency_not_supported", "expired_card", "incorrect_address",
    "incorrect_cvc", "incorrect_number", "incorrect_pin", "incorrect_zip", "invalid_account", "invalid_cvc",
    "invalid_expiry_month", "invalid_expiry_year", "invalid_number", "invalid_pin",
    "mobile_device_authentication_required", "new_account_information_available", "offline_pin_required",
    "online_or_offline_pin_required", "payment_intent_authentication_failure", "pin_try_exceeded",
}  # fmt: skip
# What an error of "no such object" names where it is the payer's that is gone.
OF_THE_PAYER = {"customer", "payment_method"}

# Of a payee's bank: nothing helps but other details.
BANK_NEVER = {
    "account_closed", "account_frozen", "bank_account_restricted", "bank_ownership_changed", "debit_not_authorized",
    "incorrect_account_holder_name", "invalid_account_number", "invalid_currency", "no_account", "unsupported_card",
}  # fmt: skip
# Refused for good before anything moved: the same request under a new key would be refused too.
REFUSED = {
    "account_invalid", "charge_already_refunded", "charge_disputed", "charge_not_refundable",
    "insufficient_capabilities_for_transfer", "payouts_not_allowed", "refund_disputed_payment",
}  # fmt: skip


def of_card(decline_code: str, advice_code: str) -> FailureClass:
    """The class of a card's refusal. What is not listed is tried again by policy."""
    if decline_code in NEVER:
        return FailureClass.HARD_DECLINE
    if decline_code in PAYER:
        return FailureClass.PAYER_ACTION
    if advice_code == "do_not_try_again":
        return FailureClass.HARD_DECLINE
    if advice_code == "confirm_card_data":
        return FailureClass.PAYER_ACTION
    if decline_code == "insufficient_funds":
        return FailureClass.INSUFFICIENT_FUNDS
    return FailureClass.SOFT_DECLINE


def of_bank(failure_code: str) -> FailureClass:
    """The class of a payout's failure. Without money of ours it is no fault of the payee."""
    if failure_code in BANK_NEVER:
        return FailureClass.HARD_DECLINE
    return FailureClass.TECHNICAL if failure_code == "insufficient_funds" else FailureClass.SOFT_DECLINE
