"""How Stripe is right now: the one call that moves nothing and shows whether our key is good."""

from __future__ import annotations

from engine.providers.abilities import Standing
from engine.providers.edge.faults import Fault
from engine.providers.stripe import refusal
from engine.providers.stripe.client import Api, Refused


def standing(api: Api) -> Standing:
    """Reads the balance. Calls out, never raises. What is wrong with our key is said with its variable."""
    try:
        found = api.ask("standing", lambda v1: v1.balance.retrieve()).found
    except (Fault, Refused) as fault:
        why = refusal.unavailable(fault)
        return Standing(why.code == "rate_limited", why.message)
    if found.get("livemode") is not api.account.live:
        return Standing(False, "STRIPE_SECRET_KEY is of the other mode than LIVEMODE says")
    return Standing(True, "Stripe answers.")
