"""A way to pay needs no approval; what is wrong with the credentials is said by the variables' names."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers.abilities import Payer
from engine.providers.ipaymu.provider import Ipaymu
from tests.ipaymu.shop import KEY, NAME, Shop

PUTU = Payer(uuid7(), "Putu", "p@example.com", "0812")


def ask(provider: Ipaymu, payer: Payer = PUTU, currency: str = "IDR", **options: str):
    return provider.ask_setup(payer=payer, currency=currency, return_url="https://shop.example/back", reference="r",
                              options=options)  # fmt: skip


@pytest.mark.parametrize("channel", ["", "va:bni"])
def test_nothing_is_to_be_approved_and_its_details_make_a_link(shop: Shop, channel: str) -> None:
    asked = ask(shop.provider, **({"channel": channel} if channel else {}))
    assert (asked.kind, asked.url, asked.client_secret) == ("none", "", "")
    assert asked.details["source"] == PUTU.customer_id.hex
    found = shop.provider.find_setup(asked.details)
    assert found.granted and found.label == {"channel": channel or "page"}
    made = shop.make(**{name: value for name, value in found.details.items() if name != "source"})
    assert made.finding.code == "payer_action_needed"
    shop.provider.forget_setup(found.details)


@pytest.mark.parametrize(("change", "param"), [
    ({"payer": Payer(uuid7(), "", "p@example.com")}, "name"), ({"payer": Payer(uuid7(), "Putu", "")}, "email"),
    ({"payer": Payer(uuid7(), "Putu", "p@example.com"), "channel": "va:bni"}, "phone"),
    ({"currency": "USD"}, "currency"), ({"channel": "bni"}, "channel"), ({"card": "4"}, "options"),
])  # fmt: skip
def test_what_can_not_be_a_way_to_pay_is_refused_by_field(shop: Shop, change: dict, param: str) -> None:
    with pytest.raises(Refusal) as refused:
        ask(shop.provider, **change)
    assert refused.value.param == param


def test_standing_is_a_balance_that_is_asked_for(shop: Shop) -> None:
    assert shop.provider.standing().reachable
    assert [row["route"] for row in shop.world.requests()] == ["POST /balance"]


@pytest.mark.parametrize("change", [{"ipaymu_va": "1"}, {"ipaymu_api_key": SecretStr("other-key")}])
def test_wrong_credentials_are_named_by_their_variables(shop: Shop, account, change: dict) -> None:
    account(**change)
    said = Ipaymu().standing()
    assert not said.reachable and "IPAYMU_VA" in said.message and "IPAYMU_API_KEY" in said.message
    assert KEY not in said.message and "other-key" not in said.message


@pytest.mark.parametrize("kind", ["500_before", "malformed_json", "reset_after_success"])
def test_who_does_not_answer_is_not_reachable(shop: Shop, kind: str) -> None:
    shop.world.fault(kind, provider=NAME)
    assert not shop.provider.standing().reachable


@pytest.mark.parametrize(("sandbox", "url", "base"), [
    (True, "", "https://sandbox.ipaymu.com"), (False, "", "https://my.ipaymu.com"), (True, "http://here", "http://here"),
])  # fmt: skip
def test_the_sandbox_is_another_host(account, sandbox: bool, url: str, base: str) -> None:
    account(ipaymu_sandbox=sandbox, ipaymu_url=url)
    assert Ipaymu()._account.base == base
