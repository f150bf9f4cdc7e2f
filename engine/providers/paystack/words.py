"""Paystack's words in ours: what a status, a refusal and a bank's text mean for money."""

from __future__ import annotations

from engine.providers.base import FailureClass, Outcome

# Transactions. What is not here is unknown.
CHARGE = {
    "success": Outcome.SUCCEEDED,
    "failed": Outcome.DECLINED,
    "abandoned": Outcome.DECLINED,
    "pending": Outcome.PENDING,
    "ongoing": Outcome.PENDING,
    "processing": Outcome.PENDING,
    "queued": Outcome.PENDING,
}
TRANSFER = {
    "pending": Outcome.PENDING,
    "received": Outcome.PENDING,
    "otp": Outcome.PENDING,
    "success": Outcome.SUCCEEDED,
    "failed": Outcome.DECLINED,
    "reversed": Outcome.REVERSED,
    "abandoned": Outcome.DECLINED,
    "blocked": Outcome.DECLINED,
    "rejected": Outcome.DECLINED,
}
REFUND = {
    "pending": Outcome.PENDING,
    "processing": Outcome.PENDING,
    "needs-attention": Outcome.PENDING,
    "processed": Outcome.SUCCEEDED,
    "failed": Outcome.REVERSED,  # before it was processed or after: the engine knows whether it had been
}

# What a bank says of a card, by a part of its text; the first that fits. The raw text stays with the evidence.
_BANK = (
    (FailureClass.INSUFFICIENT_FUNDS, "insufficient_funds",
     ("insufficient", "not sufficient", "not enough", "low balance")),
    (FailureClass.HARD_DECLINE, "card_lost_or_stolen", ("stolen", "lost card", "pick up", "pickup")),
    (FailureClass.HARD_DECLINE, "card_expired", ("expired",)),
    (FailureClass.HARD_DECLINE, "fraud_suspected", ("fraud", "security violation")),
    (FailureClass.HARD_DECLINE, "card_restricted",
     ("restricted", "not permitted", "not supported", "blocked card", "card blocked")),
    (FailureClass.HARD_DECLINE, "card_invalid",
     ("invalid card", "no such issuer", "closed account", "no card record", "no credit account")),
    (FailureClass.PAYER_ACTION, "authentication_needed",
     ("incorrect pin", "wrong pin", "pin tries", "authentication", "by the payer", "invalid otp")),
)  # fmt: skip
_UNSAID = FailureClass.SOFT_DECLINE, "card_declined"

# Why a call is refused at once, by Paystack's code or a part of its text. Anything else is a fault of our own.
_REFUSALS = (
    (FailureClass.TECHNICAL, "balance_too_low", ("insufficient_balance", "balance is not enough", "balance is too low",
                                                 "insufficient balance")),
    (FailureClass.HARD_DECLINE, "authorization_invalid",
     ("invalid_authorization", "email_mismatch", "authorization code is invalid", "does not match authorization")),
    (FailureClass.HARD_DECLINE, "not_refundable",
     ("refund_too_large", "transaction_not_refundable", "fully reversed", "fully refunded", "more than what is left")),
    (FailureClass.HARD_DECLINE, "account_invalid",
     ("invalid_account_number", "invalid_bank_code", "cannot resolve account", "could not resolve account")),
)  # fmt: skip

# How a transfer may end without having arrived, or after it had: each is conclusive, a new one may be made.
TRANSFER_ENDS = {
    "failed": (FailureClass.SOFT_DECLINE, "transfer_failed", "the bank did not take the transfer"),
    "reversed": (FailureClass.SOFT_DECLINE, "transfer_reversed", "the transfer came back to the balance"),
    "blocked": (FailureClass.HARD_DECLINE, "transfer_blocked", "the approval URL of the account did not answer"),
    "rejected": (FailureClass.HARD_DECLINE, "transfer_rejected", "the approval URL of the account refused it"),
    "abandoned": (FailureClass.TECHNICAL, "otp_not_given", "nobody gave the one-time password in time"),
}  # fmt: skip


def bank_said(text: str) -> tuple[FailureClass, str]:
    """Class and code of a declined charge from its `gateway_response`."""
    said = text.lower()
    return next(((kind, code) for kind, code, parts in _BANK if any(p in said for p in parts)), _UNSAID)


def refusal(code: str, message: str) -> tuple[FailureClass, str]:
    """Class and code of a call that was refused before it began."""
    said = f"{code} {message}".lower()
    found = ((kind, ours) for kind, ours, parts in _REFUSALS if any(part in said for part in parts))
    return next(found, (FailureClass.TECHNICAL, "request_invalid"))
