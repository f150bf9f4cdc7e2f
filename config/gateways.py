"""The gateways' variables: their credentials, what of them can't stand together, and which gateways are on.

A gateway is on once its credentials are set. Of one that is half configured the boot names the gateway and
the variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode

from config.env_rules import check_page, is_on

_SECRETS = ("stripe_webhook_secrets", "paystack_webhook_keys", "flutterwave_webhook_secrets")
# What payers' pages are given, and what never leaves.
_SHOWN = ("stripe_publishable_key", "paystack_public_key", "flutterwave_encryption_key")
_HIDDEN = (
    "stripe_secret_key",
    "paystack_secret_key",
    "flutterwave_client_secret",
    "flutterwave_secret_key",
    *_SECRETS,
)
_URLS = (
    "public_url", "stripe_api_base", "paystack_url", "flutterwave_url", "flutterwave_token_url", "ipaymu_url",
)  # fmt: skip
_ADAPTERS = {
    "stripe": "engine.providers.stripe.provider.Stripe",
    "paystack": "engine.providers.paystack.provider.Paystack",
    "flutterwave": "engine.providers.flutterwave.provider.Flutterwave",
    "ipaymu": "engine.providers.ipaymu.provider.Ipaymu",
}


class Gateways(BaseSettings):
    """Gateways (rows 3.12, 3.19, 4.19): one is on once its credentials are set"""

    public_url: str = Field(
        default="",
        description="Where payers and gateways reach us, https://host: callbacks and pages to come back to",
        examples=["https://billing.example.com"],
    )
    stripe_secret_key: SecretStr = Field(
        default=SecretStr(""), description="Stripe: the secret key, which begins with sk_test_ or sk_live_"
    )
    stripe_publishable_key: str = Field(
        default="",
        description="Stripe: the publishable key (pk_), with which payers' pages open its card fields",
    )
    stripe_webhook_secrets: Annotated[list[SecretStr], NoDecode] = Field(
        default=[], description="Stripe: signing secrets of our endpoint (whsec_); `new,old` while rotating"
    )
    stripe_api_base: str = Field(default="https://api.stripe.com", description="Stripe: where its API is")
    stripe_calls_per_second: float = Field(
        default=20, gt=0, le=10_000, description="Stripe: calls by all workers together"
    )
    paystack_secret_key: SecretStr = Field(
        default=SecretStr(""), description="Paystack: the secret key, which begins with sk_test_ or sk_live_"
    )
    paystack_public_key: str = Field(
        default="",
        description="Paystack: the public key, shown to payers' pages (row 3.19); nothing is signed with it",
    )
    paystack_url: str = Field(
        default="https://api.paystack.co", description="Paystack: where its API is (row 3.19)"
    )
    paystack_webhook_keys: Annotated[list[SecretStr], NoDecode] = Field(
        default=[],
        description="Paystack: secret keys that callbacks may be signed with, `new,old`; empty: the secret key",
    )
    paystack_calls_per_second: float = Field(
        default=20, gt=0, le=10_000, description="Paystack: calls by all workers together"
    )
    flutterwave_api_version: Literal["v4", "v3"] = Field(
        default="v4", description="Flutterwave: v4 signs in with client id and secret, v3 with a secret key"
    )
    flutterwave_client_id: str = Field(default="", description="Flutterwave v4: client id")
    flutterwave_client_secret: SecretStr = Field(
        default=SecretStr(""), description="Flutterwave v4: client secret"
    )
    flutterwave_encryption_key: str = Field(
        default="", description="Flutterwave v4: the key with which payers' pages encrypt a card for it"
    )
    flutterwave_secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="Flutterwave v3: the secret key, which begins with FLWSECK_TEST- or FLWSECK-",
    )
    flutterwave_webhook_secrets: Annotated[list[SecretStr], NoDecode] = Field(
        default=[], description="Flutterwave: the secret hash of its dashboard; `new,old` while rotating"
    )
    flutterwave_url: str = Field(
        default="", description="Flutterwave: where its API is; empty: by version and LIVEMODE"
    )
    flutterwave_token_url: str = Field(
        default="", description="Flutterwave v4: where access tokens are had; empty: its identity provider"
    )
    flutterwave_calls_per_second: float = Field(
        default=20, gt=0, le=10_000, description="Flutterwave: calls by all workers together"
    )
    ipaymu_va: str = Field(default="", description="iPaymu: the merchant's VA number (D17)")
    ipaymu_api_key: SecretStr = Field(default=SecretStr(""), description="iPaymu: API key (row 4.19)")
    ipaymu_sandbox: bool = Field(
        default=True, description="iPaymu: its sandbox (row 4.31); off with LIVEMODE"
    )
    ipaymu_url: str = Field(default="", description="iPaymu: where its API is; empty: by IPAYMU_SANDBOX")
    ipaymu_webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="iPaymu has no such secret (D17): its callbacks are signed with the VA number; not used",
    )
    ipaymu_calls_per_second: float = Field(
        default=5, gt=0, le=10_000, description="iPaymu: calls by all workers together"
    )

    @field_validator(*_SECRETS, mode="before")
    @classmethod
    def _secrets(cls, value: Any) -> Any:
        return (
            [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value
        )

    _pages = field_validator(*_URLS)(check_page)


def adapters(env: Gateways) -> dict[str, str]:
    """Name and class of each gateway that is on."""
    on = {
        "stripe": env.stripe_secret_key,
        "paystack": env.paystack_secret_key,
        "flutterwave": env.flutterwave_secret_key
        if env.flutterwave_api_version == "v3"
        else env.flutterwave_client_secret,
        "ipaymu": env.ipaymu_api_key,
    }
    return {name: _ADAPTERS[name] for name, key in on.items() if key.get_secret_value()}


def disagreements(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(variable, why) for what is missing beside what is set, or of the other mode. `values` as they came."""
    yield from _missing(values)
    yield from _shown_secrets(values)
    live = is_on(values, "livemode")
    for name, test, real in (
        ("stripe_secret_key", ("sk_test_", "rk_test_"), ("sk_live_", "rk_live_")),
        ("paystack_secret_key", ("sk_test_",), ("sk_live_",)),
        ("flutterwave_secret_key", ("FLWSECK_TEST-",), ("FLWSECK-",)),
        ("stripe_publishable_key", ("pk_test_",), ("pk_live_",)),
        ("paystack_public_key", ("pk_test_",), ("pk_live_",)),
    ):
        key, wanted = _text(values, name), real if live else test
        if key and not key.startswith(wanted):
            mode = "LIVEMODE is on" if live else "LIVEMODE is off"
            yield name, f"must start with {' or '.join(wanted)}: {mode}"
    if live and _text(values, "ipaymu_api_key") and is_on(values, "ipaymu_sandbox", default=True):
        yield "ipaymu_sandbox", "must be off with LIVEMODE"
    for name in _URLS:
        if live and _text(values, name).startswith("http://"):
            yield name, "must be https:// with LIVEMODE"


def _shown_secrets(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What every payer is shown can't be what nobody may see."""
    secret = {each for name in _HIDDEN for each in _text(values, name).split(",") if each}
    for name in _SHOWN:
        key = _text(values, name)
        if key in secret or key.startswith(("sk_", "rk_", "whsec_", "FLWSECK")):
            yield (
                name,
                "is shown to payers and holds a secret: take that out, and have the gateway make a new one",
            )


def _missing(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Whoever sets one variable of a group needs the others."""
    version = _text(values, "flutterwave_api_version") or "v4"
    groups = [
        ("Stripe", ("stripe_secret_key", "stripe_webhook_secrets")),
        ("iPaymu", ("ipaymu_va", "ipaymu_api_key")),
        ("Flutterwave v4", ("flutterwave_client_id", "flutterwave_client_secret", "flutterwave_webhook_secrets"))
        if version == "v4"
        else ("Flutterwave v3", ("flutterwave_secret_key", "flutterwave_webhook_secrets")),
    ]  # fmt: skip
    for gateway, names in groups:
        there = [name.upper() for name in names if _text(values, name)]
        for name in names:
            if there and not _text(values, name):
                yield name, f"is not set, and {gateway} needs it beside {', '.join(there)}"
    if _text(values, "paystack_webhook_keys") and not _text(values, "paystack_secret_key"):
        yield "paystack_secret_key", "is not set, and Paystack needs it beside PAYSTACK_WEBHOOK_KEYS"
    if _text(values, "ipaymu_api_key") and not _text(values, "public_url"):
        yield "public_url", "is not set, and iPaymu needs it: each payment names where its callback goes"


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name, "")
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(map(str, value)) if isinstance(value, list) else str(value).strip()
