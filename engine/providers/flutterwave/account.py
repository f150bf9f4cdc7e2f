"""Our account at Flutterwave as the environment has it: version, addresses, credentials, limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from engine.providers.edge import limiter
from engine.providers.edge.limiter import Limit

NAME = "flutterwave"
_V3 = "https://api.flutterwave.com/v3"
_V4_TEST, _V4_LIVE = (
    "https://developersandbox-api.flutterwave.com",
    "https://f4bexperience.flutterwave.com",
)
_TOKENS = "https://idp.flutterwave.com/realms/flutterwave/protocol/openid-connect/token"
# A 503 of theirs comes after 28 s and means nothing: who hangs up before makes unknowns for no reason. In parts of
# SEND_DEADLINE_SECONDS (10), so that what shortens all spans shortens these: 35 s of silence, 40 s in all.
READ_PART, DEADLINE_PART = 3.5, 4.0
CURRENCIES = ("NGN", "GHS", "KES", "ZAR", "USD", "EUR", "GBP", "XAF", "XOF")
LARGEST = 10**15 - 1  # minor units: a number of JSON carries fifteen digits, whatever reads it
LOOKS = 32  # attempts that one look-up takes


@dataclass(frozen=True, slots=True)
class Account:
    """Spans are seconds. `secret` is the client secret of v4, the secret key of v3."""

    version: str  # "v3" or "v4"
    url: str
    token_url: str
    client_id: str
    secret: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    encryption_key: str  # payers see it
    limit: Limit
    deadline: float
    read_seconds: float
    look_deadline: float

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no text may show."""
        return (self.secret, *self.webhook_secrets)


def read() -> Account:
    """The account of this process, from settings.ENV."""
    env = settings.ENV
    version = env.flutterwave_api_version
    secret = env.flutterwave_client_secret if version == "v4" else env.flutterwave_secret_key
    key, pace = secret.get_secret_value(), env.flutterwave_calls_per_second
    return Account(
        version=version,
        url=(env.flutterwave_url or _address(version, live=env.livemode)).rstrip("/"),
        token_url=env.flutterwave_token_url or _TOKENS,
        client_id=env.flutterwave_client_id,
        secret=key,
        webhook_secrets=tuple(each.get_secret_value() for each in env.flutterwave_webhook_secrets),
        encryption_key=env.flutterwave_encryption_key if version == "v4" else "",
        limit=limiter.limit_of(NAME, key, per_second=pace, burst=int(pace)),
        deadline=deadline(),
        read_seconds=env.send_deadline_seconds * READ_PART,
        look_deadline=env.send_deadline_seconds,
    )


def deadline() -> float:
    """Seconds that one send has in all."""
    return float(settings.ENV.send_deadline_seconds * DEADLINE_PART)


def _address(version: str, *, live: bool) -> str:
    """v3 tells test from live by its key alone."""
    if version == "v3":
        return _V3
    return _V4_LIVE if live else _V4_TEST
