"""Our account at Paystack: its secret key, where its API is, in which mode it works, and how fast it may be called."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from engine.providers.edge.limiter import Limit, limit_of

NAME = "paystack"


@dataclass(frozen=True, slots=True)
class Account:
    """`signers` are the keys that a callback may be signed with: more than one while the key is changed.

    Test and real money are told apart by the key alone, so `live` is held against each answer's own word.
    """

    url: str
    key: str = field(repr=False)
    signers: tuple[str, ...] = field(repr=False)
    public_key: str  # payers see it
    live: bool
    limit: Limit

    @property
    def domain(self) -> str:
        """What Paystack calls our mode."""
        return "live" if self.live else "test"


def read() -> Account:
    """The account of the environment: PAYSTACK_SECRET_KEY and its neighbours. No calls."""
    env = settings.ENV
    key = env.paystack_secret_key.get_secret_value()
    signers = tuple(each.get_secret_value() for each in env.paystack_webhook_keys)
    rate = env.paystack_calls_per_second
    return Account(
        url=env.paystack_url.rstrip("/"),
        key=key,
        signers=signers or (key,),
        public_key=env.paystack_public_key,
        live=env.livemode,
        limit=limit_of(NAME, key, per_second=rate, burst=int(rate)),
    )
