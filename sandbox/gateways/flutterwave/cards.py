"""Flutterwave's test cards, and what becomes of each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """A test card. ``refusal``: what its bank says; ``asks``: it wants its holder first."""

    number: str
    refusal: str = ""
    asks: bool = False


CARDS = (
    Card("5531886652142950"),
    Card("4187427415564246", asks=True),
    Card("5258585922666506", "Insufficient Funds"),
    Card("5143010522339965", "Do not honour"),
    Card("5590131743294314", "Transaction flagged as fraudulent"),
)
BY_NUMBER = {card.number: card for card in CARDS}
BLACKLISTED = "0690000036"
"""The account to which nothing is paid out."""
BANKS = {"044": "ACCESS BANK NIGERIA", "058": "GTBANK PLC", "057": "ZENITH BANK PLC"}
