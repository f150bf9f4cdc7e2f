"""Money at Stripe: who holds what, and the balance transactions that tell each owner of it."""

from typing import Any

from sandbox.gateways.books import OUTSIDE, Account
from sandbox.gateways.stripe import objects
from sandbox.gateways.stripe.errors import conflict
from sandbox.gateways.stripe.mount import NAME
from sandbox.gateways.world import World

PAYERS, BANKS, SCHEME, FEES = (Account(NAME, OUTSIDE, part) for part in ("payers", "banks", "scheme", "fees"))


def available(owner: str) -> Account:
    """What an owner may pay out."""
    return Account(NAME, owner, "available")


def pending(owner: str) -> Account:
    """What is on its way to an owner."""
    return Account(NAME, owner, "pending")


def transit(owner: str) -> Account:
    """What left an owner's balance for a bank and is not there yet."""
    return Account(NAME, owner, "transit")


def reference(world: World, row: dict[str, Any]) -> str:
    """The product's own word for what a row is: from its metadata, else its group, else its key."""
    metadata = row.get("metadata") or {}
    for name in world.settings(NAME)["reference_names"]:
        if name in metadata:
            return str(metadata[name])
    first = next(iter(metadata.values()), "")
    return str(first or row.get("transfer_group") or row.get("_key") or row["id"])


def move(
    world: World, kind: str, source: Account, target: Account, amount: int, row: dict[str, Any]
) -> dict[str, Any]:
    """Move money for an object, under the product's own word for it."""
    known = {"reference": reference(world, row), "object_id": row["id"]}
    more = {"key": row.get("_key", ""), "metadata": dict(row.get("metadata") or {})}
    return world.books.move(kind, source, target, amount, row["currency"], **known, **more)


def note(
    world: World, owner: str, kind: str, amount: int, row: dict[str, Any], *, fee: int = 0, later: int = 0
) -> str:
    """A balance transaction of an owner: minor units signed as they see it; its id.

    ``later``: seconds until the money is available.
    """
    now = int(world.clock.now())
    fees = [{"amount": fee, "application": None, "currency": row["currency"],
             "description": "Stripe processing fees", "type": "stripe_fee"}]  # fmt: skip
    made = objects.make(
        world, "txn_", "balance_transaction", owner,
        amount=amount, available_on=now + later, currency=row["currency"], description=None,
        exchange_rate=None, fee=fee, fee_details=fees if fee else [], net=amount - fee,
        reporting_category=REPORTED.get(kind, kind), source=row["id"],
        status="pending" if later else "available", type=kind, balance_type="payments",
    )  # fmt: skip
    if later:
        world.timers.after(later, NAME, "now_available", transaction=made["id"])
    number: str = made["id"]
    return number


def require(world: World, owner: str, amount: int, currency: str) -> None:
    """400 balance_insufficient where an owner has not that much available."""
    if world.books.balance(available(owner), currency) < amount:
        raise conflict(
            "You have insufficient available funds in your Stripe account.", "balance_insufficient"
        )


REPORTED = {"payment": "charge", "adjustment": "dispute", "payout_failure": "payout_reversal",
            "refund_failure": "refund_failure", "transfer_refund": "transfer_reversal"}  # fmt: skip
