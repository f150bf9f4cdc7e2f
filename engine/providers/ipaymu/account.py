"""Whose account: the VA number and the key of the environment, where iPaymu is, and where it reaches us."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from engine.providers.edge.limiter import Limit, limit_of
from engine.providers.ipaymu.sheet import NAME

LIVE, SANDBOX = "https://my.ipaymu.com", "https://sandbox.ipaymu.com"
CALLBACKS = "/api/webhooks/ipaymu"


@dataclass(frozen=True, slots=True)
class Account:
    """`base` is https://host without /api/v2; `notify_url` where callbacks go; `home_url` where payers come back to."""

    va: str
    key: str = field(repr=False)
    base: str
    notify_url: str
    home_url: str
    limit: Limit


def from_settings() -> Account:
    """The account of the environment. Neither calls out nor fails: standing() says what is wrong with it."""
    env = settings.ENV
    key, rate = env.ipaymu_api_key.get_secret_value(), env.ipaymu_calls_per_second
    return Account(
        va=env.ipaymu_va,
        key=key,
        base=env.ipaymu_url or (SANDBOX if env.ipaymu_sandbox else LIVE),
        notify_url=env.public_url + CALLBACKS,
        home_url=f"{env.public_url}/",
        # Nothing is published of its limits: four seconds' worth may go at once, as a page of look-ups does.
        limit=limit_of(NAME, key, per_second=rate, burst=round(4 * rate)),
    )
