"""Whose account at Stripe it is: our key, where the API is, and how often it may be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from engine.providers.edge import limiter
from engine.providers.edge.limiter import Limit

NAME = "stripe"


@dataclass(frozen=True, slots=True)
class Account:
    """Credentials from the environment. `live` is whether its money is real."""

    key: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)  # that sign callbacks: two while they are changed
    publishable_key: str  # payers see it
    base: str
    live: bool
    limit: Limit


def account() -> Account:
    """As the environment has it: boot has checked that key and mode belong together (config/gateways.py)."""
    env = settings.ENV
    key = env.stripe_secret_key.get_secret_value()
    rate = env.stripe_calls_per_second
    return Account(
        key=key,
        secrets=tuple(secret.get_secret_value() for secret in env.stripe_webhook_secrets),
        publishable_key=env.stripe_publishable_key,
        base=env.stripe_api_base.rstrip("/"),
        live=env.livemode,
        limit=limiter.limit_of(NAME, key, per_second=rate, burst=int(rate)),
    )
