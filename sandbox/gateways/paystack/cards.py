"""Paystack's test cards, and what becomes of each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """A test card. ``refusal``: what the bank says when it is charged; ``asks``: it wants its holder each time."""

    number: str
    brand: str
    refusal: str = ""
    asks: bool = False
    refund: str = ""
    """``needs-attention`` or ``failed``: what becomes of refunds."""

    @property
    def last4(self) -> str:
        return self.number[-4:]


CARDS = (
    Card("4084084084084081", "visa"),
    Card("4084080000005408", "visa", "Declined"),
    Card("4084080000670037", "visa", "Insufficient Funds"),
    Card("507850785078507812", "verve"),
    Card("5060666666666666666", "verve", asks=True),
    # Not Paystack's: what their own test cards can't show.
    Card("4084080000000003", "visa", refund="needs-attention"),
    Card("4084080000000011", "visa", refund="failed"),
)
BY_NUMBER = {card.number: card for card in CARDS}
DEFAULT = CARDS[0]
