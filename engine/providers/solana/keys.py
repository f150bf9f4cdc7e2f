"""Our keys: collectors by version (delegates that payers approve) and the wallet that pays the fees."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from solders.keypair import Keypair

from engine.core.errors import Refusal


def collectors() -> dict[int, Keypair]:
    """Every collector key by version, newest first. Raises Refusal if the setting can't be read."""
    return dict(_versioned(key.get_secret_value()) for key in settings.ENV.solana_collector_keys)


def collector(version: int) -> Keypair:
    """The collector key of a version. Raises Refusal if it is not configured (any more)."""
    try:
        return collectors()[version]
    except KeyError:
        pass
    raise Refusal(
        "collector_key_missing", f"collector key {version} is not in SOLANA_COLLECTOR_KEYS", param="collector"
    )


def newest() -> int:
    """The version that new approvals are given to. Raises Refusal if there is none."""
    for version in collectors():
        return version
    raise Refusal("collector_key_missing", "SOLANA_COLLECTOR_KEYS is empty", param="collector")


def version_of(delegate: str | None) -> int | None:
    """The version of the collector with this public key, None if it is not ours."""
    return next((v for v, pair in collectors().items() if str(pair.pubkey()) == delegate), None)


def fee_payer() -> Keypair:
    """The hot wallet that pays network fees and rent. Raises Refusal if it is not configured."""
    return _pair(settings.ENV.solana_fee_payer_key.get_secret_value(), "SOLANA_FEE_PAYER_KEY")


@cache
def _versioned(text: str) -> tuple[int, Keypair]:
    version, _, secret = text.partition(":")
    if not version.isdecimal():
        raise Refusal("key_malformed", "SOLANA_COLLECTOR_KEYS is not `version:key`", param="collector")
    return int(version), _pair(secret, "SOLANA_COLLECTOR_KEYS")


@cache
def _pair(secret: str, name: str) -> Keypair:
    try:
        return Keypair.from_base58_string(secret)
    except ValueError:
        pass
    raise Refusal("key_malformed", f"{name} holds no base58 key of 64 bytes")  # without the key's text
