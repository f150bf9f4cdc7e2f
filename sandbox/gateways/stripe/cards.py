"""Stripe's test cards and test accounts: what becomes of each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """What a test card does. Empty words: it pays."""

    number: str
    token: str
    decline: str = ""
    """The ``decline_code`` of a charge; ``code`` differs for some."""
    code: str = "card_declined"
    setup_declines: bool = False
    """Whether it can't be set up either; others are refused when they are charged."""
    authenticates: str = ""
    """``off_session``: asked of the payer until set up; ``always``."""
    straight: bool = False
    """The money is available at once."""
    disputed: str = ""
    """Reason of a dispute that opens by itself."""
    refund: str = ""
    """``fails`` or ``pending``: what becomes of refunds."""

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def brand(self) -> str:
        return {"4": "visa", "5": "mastercard", "3": "amex"}.get(self.number[0], "unknown")


CARDS = (
    Card("4242424242424242", "pm_card_visa"),
    Card("5555555555554444", "pm_card_mastercard"),
    Card("4000000000000077", "pm_card_bypassPending", straight=True),
    Card("4000000000000341", "pm_card_chargeCustomerFail", "generic_decline"),
    Card("4000002500003155", "pm_card_authenticationRequired", authenticates="off_session"),
    Card("4000002760003184", "pm_card_threeDSecure2Required", authenticates="always"),
    Card("4000000000000002", "pm_card_chargeDeclined", "generic_decline", setup_declines=True),
    Card("4000000000009995", "pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds", setup_declines=True),
    Card("4000000000009987", "pm_card_chargeDeclinedLostCard", "lost_card", setup_declines=True),
    Card("4000000000009979", "pm_card_chargeDeclinedStolenCard", "stolen_card", setup_declines=True),
    Card("4000000000000069", "pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card", setup_declines=True),
    Card("4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc",
         setup_declines=True),
    Card("4000000000000119", "pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error",
         setup_declines=True),
    Card("4000000000000259", "pm_card_createDispute", disputed="fraudulent"),
    Card("4000000000005126", "pm_card_refundFail", refund="fails"),
    Card("4000000000007726", "pm_card_pendingRefund", refund="pending"),
)  # fmt: skip
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {card.token: card for card in CARDS}
MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
ADVICE = {
    "insufficient_funds": "try_again_later", "processing_error": "try_again_later",
    "lost_card": "do_not_try_again", "stolen_card": "do_not_try_again",
    "expired_card": "confirm_card_data", "incorrect_cvc": "confirm_card_data",
}  # fmt: skip

# account number -> why a payout to it fails
BANKS = {
    "000111111116": "no_account",
    "000111111113": "account_closed",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
}


def message(decline: str) -> str:
    """What Stripe says to a payer."""
    return MESSAGES.get(decline, "Your card was declined.")
