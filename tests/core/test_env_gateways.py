"""A gateway is on once its credentials are set; half of them, or those of the other mode, stop the boot by name."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from config.env import Env
from config.gateways import Gateways, adapters
from tests.core.test_env import GOOD

STRIPE = {"stripe_secret_key": "sk_test_1", "stripe_webhook_secrets": "whsec_1"}
PAYSTACK = {"paystack_secret_key": "sk_test_1"}
V4 = {
    "flutterwave_client_id": "id",
    "flutterwave_client_secret": "secret",
    "flutterwave_webhook_secrets": "hash",
}
V3 = {
    "flutterwave_api_version": "v3",
    "flutterwave_secret_key": "FLWSECK_TEST-1-X",
    "flutterwave_webhook_secrets": "hash",
}
IPAYMU = {"ipaymu_va": "1179000899", "ipaymu_api_key": "key", "public_url": "https://pay.example"}
LIVE = {"livemode": True, "solana_network": "mainnet-beta"}


@pytest.fixture(autouse=True)
def _no_gateways_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Gateways.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def _env(**changes: Any) -> Env:
    return Env(**{name.lower(): value for name, value in GOOD.items()} | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("stripe", STRIPE),
        ("paystack", PAYSTACK),
        ("flutterwave", V4),
        ("flutterwave", V3),
        ("ipaymu", IPAYMU),
    ],
)
def test_a_gateway_is_on_once_its_credentials_are_set(name: str, values: dict[str, str]) -> None:
    assert adapters(_env()) == {}
    assert list(adapters(_env(**values))) == [name]


def test_secrets_are_shown_by_nothing_and_split_at_commas() -> None:
    env = _env(**STRIPE | {"stripe_webhook_secrets": "whsec_new, whsec_old"})
    assert [each.get_secret_value() for each in env.stripe_webhook_secrets] == ["whsec_new", "whsec_old"]
    assert "whsec" not in repr(env) and "sk_test_1" not in repr(env)


@pytest.mark.parametrize(
    ("values", "variable", "said"),
    [
        ({"stripe_secret_key": "sk_test_1"}, "stripe_webhook_secrets", "Stripe needs it beside STRIPE_SECRET_KEY"),
        ({"stripe_webhook_secrets": "w"}, "stripe_secret_key", "beside STRIPE_WEBHOOK_SECRETS"),
        ({"paystack_webhook_keys": "k"}, "paystack_secret_key", "Paystack needs it"),
        ({"flutterwave_client_id": "id"}, "flutterwave_client_secret", "Flutterwave v4 needs it"),
        (V3 | {"flutterwave_webhook_secrets": ""}, "flutterwave_webhook_secrets", "Flutterwave v3 needs it"),
        ({"ipaymu_api_key": "key"}, "ipaymu_va", "iPaymu needs it beside IPAYMU_API_KEY"),
        (IPAYMU | {"public_url": ""}, "public_url", "iPaymu needs it"),
        (STRIPE | {"stripe_secret_key": "sk_live_1"}, "stripe_secret_key", "LIVEMODE is off"),
        (STRIPE | LIVE, "stripe_secret_key", "LIVEMODE is on"),
        (PAYSTACK | LIVE, "paystack_secret_key", "LIVEMODE is on"),
        (V3 | {"flutterwave_secret_key": "FLWSECK-1"}, "flutterwave_secret_key", "LIVEMODE is off"),
        ({"stripe_publishable_key": "pk_live_1"}, "stripe_publishable_key", "LIVEMODE is off"),
        ({"paystack_public_key": "mine"}, "paystack_public_key", "must start with pk_test_"),
        (IPAYMU | LIVE, "ipaymu_sandbox", "must be off with LIVEMODE"),
        ({"paystack_url": "ftp://x"}, "paystack_url", "no http:// or https:// URL"),
        ({"stripe_api_base": "http://pay.example"} | LIVE, "stripe_api_base", "must be https://"),
    ],
)  # fmt: skip
def test_what_is_missing_or_of_the_other_mode_is_named(
    values: dict[str, Any], variable: str, said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        _env(**values)
    (fault,) = [each for each in refused.value.errors() if each["loc"] == (variable,)]
    assert said in fault["msg"]


@pytest.mark.parametrize(
    "name", ["stripe_publishable_key", "paystack_public_key", "flutterwave_encryption_key"]
)
def test_no_payer_is_shown_a_secret(name: str) -> None:
    """By its first letters, or because it stands where secrets do; what it is stands in no message."""
    for key in ("sk_test_1", "rk_live_1", "whsec_1", "FLWSECK_TEST-1-X", "secret"):
        with pytest.raises(ValidationError) as refused:
            _env(**V4 | {name: key})
        said = [each["msg"] for each in refused.value.errors() if each["loc"] == (name,)]
        assert any("shown to payers and holds a secret" in each for each in said)
        assert not any(key in each for each in said if key != "secret")
