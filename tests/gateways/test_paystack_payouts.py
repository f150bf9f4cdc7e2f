"""Paystack's transfers: recipients, references, ends, and the balance they come from."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.gateways.control import Gateways
from tests.gateways.conftest import listening
from tests.gateways.paystack_api import Api
from tests.gateways.receiver import Receiver

AVAILABLE = "paystack:platform:available"


@pytest.fixture
def api(world: Gateways) -> Api:
    return Api(world.url)


@pytest.fixture
def hooks(world: Gateways) -> Iterator[Receiver]:
    yield from listening(world, "paystack")


@pytest.fixture
def rich(world: Gateways) -> Gateways:
    world.give(AVAILABLE, "NGN", 1_000_000)
    return world


def recipient(api: Api, account: str = "0001234567") -> str:
    body = {
        "type": "nuban",
        "name": "Grace",
        "account_number": account,
        "bank_code": "058",
        "currency": "NGN",
    }
    code: str = api.good("POST", "/transferrecipient", body)["recipient_code"]
    return code


def order(code: str, reference: str, amount: int = 5000) -> dict[str, Any]:
    return {"source": "balance", "amount": amount, "currency": "NGN", "recipient": code, "reference": reference,
            "reason": "Payout"}  # fmt: skip


def test_an_account_has_one_recipient(world: Gateways, api: Api) -> None:
    assert recipient(api) == recipient(api) != recipient(api, "0001234568")
    found = api.good("GET", "/bank?currency=NGN")
    assert "058" in [each["code"] for each in found]
    # The specification types the account as an integer, which loses the zeros that it begins with.
    status, seen = api.call("GET", "/bank/resolve?account_number=0001234567&bank_code=058", wrong=True)
    assert (status, seen["data"]["account_number"]) == (200, "0001234567")


def test_a_transfer_goes_its_way_once(rich: Gateways, api: Api, hooks: Receiver) -> None:
    body = order(recipient(api), "po-0001-abcdef-012345")
    first, again = (api.good("POST", "/transfer", body) for _ in range(2))
    assert first["status"] == "pending" and first["transfer_code"] == again["transfer_code"]
    assert rich.ledger(kind="payout") == []
    rich.advance(6)
    assert api.good("GET", f"/transfer/verify/{body['reference']}")["status"] == "success"
    (moved,) = rich.ledger(kind="payout")
    assert (moved["reference"], moved["amount"]) == (body["reference"], 5000)
    assert rich.balances()[AVAILABLE] == {"NGN": 1_000_000 - 5000 - 1000}
    assert json.loads(hooks.wait(1)[0].body)["event"] == "transfer.success"
    assert [each["reference"] for each in api.good("GET", "/transfer?status=success")] == [body["reference"]]
    assert api.good("GET", f"/transfer/{first['transfer_code']}")["id"] == first["id"]
    rich.configure("paystack", repeated_transfer="reject")
    assert api.call("POST", "/transfer", body)[1]["code"] == "duplicate_reference"


@pytest.mark.parametrize("status", ["failed", "blocked", "rejected", "abandoned", "reversed"])
def test_a_transfer_that_does_not_stay_comes_back(
    rich: Gateways, api: Api, hooks: Receiver, status: str
) -> None:
    account = "0009999999"
    rich.decide("paystack", account, outcome=status)
    body = order(recipient(api, account), "po-0001-abcdef-012345")
    api.good("POST", "/transfer", body)
    rich.advance(6)
    assert api.good("GET", f"/transfer/verify/{body['reference']}")["status"] == status
    assert rich.balances()[AVAILABLE] == {"NGN": 1_000_000 - 1000}
    told = json.loads(hooks.wait(1)[0].body)["event"]
    assert told == ("transfer.reversed" if status == "reversed" else "transfer.failed")


def test_a_transfer_may_come_back_days_later(rich: Gateways, api: Api) -> None:
    rich.fault("paid_then_failed", route="POST /transfer", days=3)
    body = order(recipient(api), "po-0001-abcdef-012345")
    api.good("POST", "/transfer", body)
    rich.advance(6)
    assert api.good("GET", f"/transfer/verify/{body['reference']}")["status"] == "success"
    rich.advance(3 * 86_400)
    assert api.good("GET", f"/transfer/verify/{body['reference']}")["status"] == "reversed"


def test_no_more_is_sent_than_there_is(world: Gateways, api: Api) -> None:
    status, refused = api.call("POST", "/transfer", order(recipient(api), "po-0001-abcdef-012345"))
    assert (status, refused["code"]) == (400, "insufficient_balance")
    assert api.call("GET", "/transfer/verify/po-0001-abcdef-012345")[0] == 404


def test_a_password_is_asked_for_or_the_transfer_lapses(rich: Gateways, api: Api) -> None:
    rich.configure("paystack", transfer_otp=True)
    first, second = (
        api.good("POST", "/transfer", order(recipient(api), f"po-000{each}-abcdef-012345")) for each in (1, 2)
    )
    assert first["status"] == second["status"] == "otp"
    assert (
        api.call(
            "POST", "/transfer/finalize_transfer", {"transfer_code": first["transfer_code"], "otp": "1"}
        )[0]
        == 400
    )
    api.good(
        "POST", "/transfer/finalize_transfer", {"transfer_code": first["transfer_code"], "otp": "123456"}
    )
    rich.advance(1801)
    seen = [api.good("GET", f"/transfer/verify/{each['reference']}")["status"] for each in (first, second)]
    assert seen == ["success", "abandoned"]


def test_a_bulk_is_answered_item_by_item(rich: Gateways, api: Api) -> None:
    code = recipient(api)
    items = [
        {"amount": 1000, "recipient": code, "reference": f"po-000{each}-abcdef-012345"} for each in range(6)
    ]
    rich.fault("bulk_partial", route="POST /transfer/bulk", share_of_items=0.5)
    rich.fault("bulk_shuffled", route="POST /transfer/bulk")
    told = api.good("POST", "/transfer/bulk", {"source": "balance", "currency": "NGN", "transfers": items})
    rich.advance(6)
    seen = {
        each["reference"]: api.good("GET", f"/transfer/verify/{each['reference']}")["status"]
        for each in items
    }
    failed = {each["reference"] for each in told if each["status"] == "failed"}
    assert {word for word, status in seen.items() if status == "failed"} == failed and 0 < len(failed) < 6
    assert len(rich.ledger(kind="payout")) == 6 - len(failed)


def test_the_ledger_ends_at_the_balance(rich: Gateways, api: Api) -> None:
    api.good(
        "POST",
        "/transaction/initialize",
        {"email": "ada@example.com", "amount": 10_000, "reference": "pay-0001"},
    )
    rich.do("paystack", "pay", reference="pay-0001")
    api.good("POST", "/transfer", order(recipient(api), "po-0001-abcdef-012345"))
    rows = api.good("GET", "/balance/ledger")
    (held,) = api.good("GET", "/balance")
    assert rows[0]["balance"] == held["balance"] == sum(each["difference"] for each in rows)
    (paid,) = api.good("GET", "/transaction?status=success")
    assert api.good("GET", f"/transaction/{paid['id']}")["reference"] == "pay-0001"
    assert rich.assertions()["ok"]
