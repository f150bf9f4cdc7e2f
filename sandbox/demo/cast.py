"""Who is in the demo, and what becomes of each."""

from dataclasses import dataclass

INTERVAL_SECONDS = 20
CLOCK = "demo"


@dataclass(frozen=True)
class Creator:
    """A payee with one plan. `price_minor` in minor units of `currency`, `fee_bps` the platform's share."""

    name: str
    plan: str
    number: int
    price_minor: int
    currency: str
    fee_bps: int = 250


@dataclass(frozen=True)
class Subscriber:
    """A payer. `fate` is "" for a healthy one, else what happens to its wallet after it signed, or what its bank says
    once its card is set up.

    `ends` is how each of its periods ends: "succeeded", or the failure code that is its true reason.
    """

    name: str
    plan: str
    fate: str = ""
    ends: str = "succeeded"
    rail: str = ""
    """The gateway (sandbox/rails/gateways.py) that collects; "" is the chain."""


ON_CHAIN = (
    Creator("Ada's Observatory", "Night sky, live", 1, 50_000_000, "SOL"),
    Creator("Bo's Bakery School", "A loaf a week", 1, 5_000_000, "USDC"),
    Creator("Cy's Chess Club", "Endgames", 1, 12_500_000, "USDC", fee_bps=0),
)
AT_GATEWAYS = (
    Creator("Dora's Drawing Room", "Sketches", 1, 900, "USD"),
    Creator("Eze's Kitchen", "Jollof Fridays", 1, 250_000, "NGN"),
    Creator("Gita's Garden", "Orchids", 1, 50_000, "IDR"),
)
_WALLETS = (
    "Amara", "Bruno", "Chidi", "Dalia", "Emeka", "Farah", "Goran", "Hana", "Ines", "Jonas", "Kemi", "Lukas",
)  # fmt: skip
HEALTHY = (
    *(Subscriber(name, ON_CHAIN[n % 3].plan) for n, name in enumerate(_WALLETS)),
    Subscriber("Rosa Card", "Sketches", rail="stripe"),
    Subscriber("Sade Card", "Jollof Fridays", rail="paystack"),
    Subscriber("Tunde Card", "Jollof Fridays", rail="flutterwave-v4"),
    Subscriber("Utari Link", "Orchids", rail="ipaymu"),
)
UNLUCKY = (
    Subscriber("Mona Small", "A loaf a week", "allowance", "allowance_too_small"),
    Subscriber("Nils Revoked", "A loaf a week", "revoke", "delegate_revoked"),
    Subscriber("Olga Empty", "Endgames", "empty", "insufficient_funds"),
    Subscriber("Pavel Frozen", "Endgames", "freeze", "account_frozen"),
    Subscriber("Quinn Late", "A loaf a week", "late", "succeeded"),
    Subscriber("Vic Stolen", "Sketches", "hard_decline", "stolen_card", rail="stripe"),
    Subscriber("Wale Broke", "Jollof Fridays", "insufficient_funds", "insufficient_funds", rail="paystack"),
)
CREATORS = ON_CHAIN + AT_GATEWAYS
SUBSCRIBERS = HEALTHY + UNLUCKY
