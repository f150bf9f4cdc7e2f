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
    """A payer. `fate` is "" for a healthy one, else what happens to its wallet after it signed.

    `ends` is how each of its periods ends: "succeeded", or the failure code that is its true reason.
    """

    name: str
    plan: str
    fate: str = ""
    ends: str = "succeeded"


CREATORS = (
    Creator("Ada's Observatory", "Night sky, live", 1, 50_000_000, "SOL"),
    Creator("Bo's Bakery School", "A loaf a week", 1, 5_000_000, "USDC"),
    Creator("Cy's Chess Club", "Endgames", 1, 12_500_000, "USDC", fee_bps=0),
)
HEALTHY = tuple(
    Subscriber(name, CREATORS[n % 3].plan)
    for n, name in enumerate(
        (
            "Amara",
            "Bruno",
            "Chidi",
            "Dalia",
            "Emeka",
            "Farah",
            "Goran",
            "Hana",
            "Ines",
            "Jonas",
            "Kemi",
            "Lukas",
        )
    )
)
UNLUCKY = (
    Subscriber("Mona Small", "A loaf a week", "allowance", "allowance_too_small"),
    Subscriber("Nils Revoked", "A loaf a week", "revoke", "delegate_revoked"),
    Subscriber("Olga Empty", "Endgames", "empty", "insufficient_funds"),
    Subscriber("Pavel Frozen", "Endgames", "freeze", "account_frozen"),
    Subscriber("Quinn Late", "A loaf a week", "late", "succeeded"),
)
SUBSCRIBERS = HEALTHY + UNLUCKY
