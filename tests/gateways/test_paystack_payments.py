"""Payments through Paystack: each call by its published specification, and what becomes of the money."""

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.gateways.control import Gateways
from sandbox.gateways.paystack.mount import signature
from tests.gateways.conftest import listening
from tests.gateways.paystack_api import KEY, Api
from tests.gateways.receiver import Receiver
from tests.gateways.vectors import vector

EMAIL = "ada@example.com"
GOOD, DECLINED, POOR = "4084084084084081", "4084080000005408", "4084080000670037"
ASKED, ATTENTION, REFUND_FAILS = "5060666666666666666", "4084080000000003", "4084080000000011"
AVAILABLE = "paystack:platform:available"


@pytest.fixture
def api(world: Gateways) -> Api:
    return Api(world.url)


@pytest.fixture
def hooks(world: Gateways) -> Iterator[Receiver]:
    yield from listening(world, "paystack")


def payer(world: Gateways, card: str = GOOD) -> dict[str, Any]:
    """What charge_authorization needs of somebody who has paid before."""
    code = world.do("paystack", "authorize", email=EMAIL, card=card)["authorization_code"]
    return {"email": EMAIL, "amount": 10_000, "currency": "NGN", "authorization_code": code}


def charge(api: Api, world: Gateways, reference: str, card: str = GOOD, **more: Any) -> Any:
    return api.good(
        "POST", "/transaction/charge_authorization", {**payer(world, card), "reference": reference, **more}
    )


def test_a_known_payer_is_charged_once(world: Gateways, api: Api, hooks: Receiver) -> None:
    paid = charge(api, world, "pay-0001", metadata=json.dumps({"invoice": "42"}))
    assert (paid["status"], paid["amount"], paid["domain"]) == ("success", 10_000, "test")
    (moved,) = world.ledger(kind="charge")
    assert (moved["reference"], moved["amount"], moved["currency"]) == ("pay-0001", 10_000, "NGN")
    assert world.balances()[AVAILABLE] == {"NGN": 10_000 - 150}
    seen = api.good("GET", "/transaction/verify/pay-0001")
    assert (seen["status"], seen["metadata"]) == ("success", {"invoice": "42"})
    (taken,) = hooks.wait(1)
    assert json.loads(taken.body)["event"] == "charge.success"
    assert taken.headers["x-paystack-signature"] == signature(taken.body, KEY)


def test_a_reference_is_used_once(world: Gateways, api: Api) -> None:
    charge(api, world, "pay-0001")
    body = {"email": EMAIL, "amount": 10_000, "reference": "pay-0001"}
    status, refused = api.call("POST", "/transaction/initialize", body)
    assert (status, refused["message"]) == (400, "Duplicate Transaction Reference")
    assert (refused["type"], refused["code"]) == ("validation_error", "duplicate_reference")
    status, refused = api.call(
        "POST", "/transaction/charge_authorization", {**payer(world), "reference": "pay-0001"}
    )
    assert (status, refused["code"]) == (400, "duplicate_reference")
    assert len(world.ledger(kind="charge")) == 1


@pytest.mark.parametrize(("card", "response"), [(DECLINED, "Declined"), (POOR, "Insufficient Funds")])
def test_a_refused_card_is_a_200_and_no_callback(
    world: Gateways, api: Api, hooks: Receiver, card: str, response: str
) -> None:
    refused = charge(api, world, "pay-0001", card)
    assert (refused["status"], refused["gateway_response"]) == ("failed", response)
    assert api.good("GET", "/transaction/verify/pay-0001")["status"] == "failed"
    assert world.ledger(kind="charge") == []
    world.quiet()
    assert hooks.taken == []


@pytest.mark.parametrize("agrees", [True, False])
def test_a_paused_charge_is_none_until_the_payer_agrees(world: Gateways, api: Api, agrees: bool) -> None:
    asked = charge(api, world, "pay-0001", ASKED)
    assert asked["paused"] is True and "status" not in asked
    assert world.ledger(kind="charge") == []
    assert "was it you?" in requests.get(asked["authorization_url"], timeout=5).text
    requests.post(asked["authorization_url"], {"do": "yes" if agrees else "no"}, timeout=5)
    assert api.good("GET", "/transaction/verify/pay-0001")["status"] == ("success" if agrees else "failed")
    assert len(world.ledger(kind="charge")) == agrees


def test_a_queued_charge_comes_later(world: Gateways, api: Api) -> None:
    assert charge(api, world, "pay-0001", queue=True)["status"] == "queued"
    assert api.good("GET", "/charge/pay-0001")["status"] == "queued"
    assert world.ledger(kind="charge") == []
    world.advance(61)
    assert api.good("GET", "/charge/pay-0001")["status"] == "success"


def test_a_fixed_outcome_stands_before_the_card(world: Gateways, api: Api) -> None:
    world.decide("paystack", "pay-0001", outcome="processing", then="failed", seconds=5)
    assert charge(api, world, "pay-0001")["status"] == "processing"
    world.advance(6)
    assert api.good("GET", "/transaction/verify/pay-0001")["status"] == "failed"


def test_a_payer_pays_on_the_page_and_can_be_charged_again(world: Gateways, api: Api) -> None:
    body = {"email": EMAIL, "amount": 7000, "reference": "pay-0001", "callback_url": f"{world.url}/back?a=1"}
    begun = api.good("POST", "/transaction/initialize", body)
    assert api.good("GET", "/transaction/verify/pay-0001")["status"] == "abandoned"
    url = begun["authorization_url"]
    fields = dict(re.findall(r"<option value='(\d+)'>\d+ (\S+)", requests.get(url, timeout=5).text))
    requests.post(url, {"do": "card", "card": DECLINED}, timeout=5, allow_redirects=False)
    assert api.good("GET", "/transaction/verify/pay-0001")["status"] == "failed"
    back = requests.post(url, {"do": "card", "card": GOOD}, timeout=5, allow_redirects=False)
    assert GOOD in fields and back.headers["location"].endswith(
        "/back?a=1&trxref=pay-0001&reference=pay-0001"
    )
    requests.post(url, {"do": "card", "card": GOOD}, timeout=5, allow_redirects=False)
    seen = api.good("GET", "/transaction/verify/pay-0001")
    assert seen["status"] == "success" and len(world.ledger(kind="charge")) == 1
    again = {
        "email": EMAIL,
        "amount": 7000,
        "authorization_code": seen["authorization"]["authorization_code"],
    }
    assert (
        api.good("POST", "/transaction/charge_authorization", {**again, "reference": "pay-2"})["status"]
        == "success"
    )
    api.good(
        "POST", "/customer/authorization/deactivate", {"authorization_code": again["authorization_code"]}
    )
    status, _ = api.call("POST", "/transaction/charge_authorization", {**again, "reference": "pay-3"})
    assert status == 400


@pytest.mark.parametrize(
    "change",
    [{"amount": "10000"}, {"amount": -1}, {"reference": "pay_1"}, {"currency": "EUR"}, {"email": "ada"},
     {"authorization_code": "AUTH_none"}, {"email": "other@example.com"}, {"metadata": "{"}, {"metadata": "5"}],
)  # fmt: skip
def test_a_request_that_does_not_fit_is_refused(world: Gateways, api: Api, change: dict[str, Any]) -> None:
    body = {**payer(world), "reference": "pay-1", **change}
    status, refused = api.call("POST", "/transaction/charge_authorization", body, wrong=True)
    assert status == 400 and refused["status"] is False
    assert world.ledger(kind="charge") == []


def test_strangers_and_unknown_references(world: Gateways, api: Api) -> None:
    assert Api(world.url, "sk_test_other").call("GET", "/balance")[0] == 401
    for path in ("transaction/verify/x", "charge/x", "transfer/verify/x", "refund/1", "dispute/1"):
        assert api.call("GET", f"/{path}")[0] == 404


def test_refunds_whole_and_in_part(world: Gateways, api: Api, hooks: Receiver) -> None:
    world.give(AVAILABLE, "NGN", 1000)
    charge(api, world, "pay-0001")
    made = api.good(
        "POST", "/refund", {"transaction": "pay-0001", "amount": 4000, "merchant_note": "refund-1"}
    )
    assert (made["status"], made["amount"]) == ("pending", 4000)
    world.advance(61)
    assert api.good("GET", f"/refund/{made['id']}")["status"] == "processed"
    (moved,) = world.ledger(kind="refund")
    assert (moved["amount"], moved["reference"]) == (4000, "refund-1")
    assert api.call("POST", "/refund", {"transaction": "pay-0001", "amount": 6001})[0] == 400
    api.good("POST", "/refund", {"transaction": "pay-0001"})
    assert [each["amount"] for each in api.good("GET", "/refund")] == [6000, 4000]
    bodies = [json.loads(each.body) for each in hooks.wait(4)]
    assert {each["data"]["amount"] for each in bodies if each["event"] == "refund.processed"} == {"4000"}


def test_a_refund_may_need_attention_or_fail(world: Gateways, api: Api) -> None:
    for each in (ATTENTION, REFUND_FAILS):
        charge(api, world, f"pay-{each}", each)
    asking, failing = (
        api.good("POST", "/refund", {"transaction": f"pay-{each}", "amount": 900})
        for each in (ATTENTION, REFUND_FAILS)
    )
    world.advance(61)
    assert api.good("GET", f"/refund/{asking['id']}")["status"] == "needs-attention"
    assert api.good("GET", f"/refund/{failing['id']}")["status"] == "failed"
    details = {"currency": "NGN", "account_number": "0001234567", "bank_id": "2"}
    api.good(
        "POST", f"/refund/retry_with_customer_details/{asking['id']}", {"refund_account_details": details}
    )
    world.advance(61)
    assert api.good("GET", f"/refund/{asking['id']}")["status"] == "processed"
    assert world.balances()["paystack:platform:transit"] == {"NGN": 0}


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_takes_the_money_until_it_is_won(
    world: Gateways, api: Api, hooks: Receiver, won: bool
) -> None:
    charge(api, world, "pay-0001")
    number = world.do("paystack", "dispute", reference="pay-0001")["id"]
    assert world.balances()[AVAILABLE] == {"NGN": -150}
    assert api.call("POST", "/refund", {"transaction": "pay-0001"})[0] == 400
    proof = {
        "customer_email": EMAIL,
        "customer_name": "Ada",
        "customer_phone": "0812",
        "service_details": "A month",
    }
    given = api.good("POST", f"/dispute/{number}/evidence", proof)
    answer = {
        "resolution": "declined",
        "message": "It was used",
        "refund_amount": 10_000,
        "uploaded_filename": "a.pdf",
    }
    api.good("PUT", f"/dispute/{number}/resolve", {**answer, "evidence": given["id"]})
    assert api.good("GET", f"/dispute/{number}")["status"] == "awaiting-bank-feedback"
    world.do("paystack", "decide_dispute", dispute=number, won=won)
    (seen,) = api.good("GET", "/dispute?status=resolved")
    assert seen["resolution"] == ("declined" if won else "merchant-accepted")
    assert world.balances()[AVAILABLE] == {"NGN": 10_000 - 150 if won else -150}
    events = [json.loads(each.body)["event"] for each in hooks.wait(3)]
    assert events.count("charge.dispute.create") == events.count("charge.dispute.resolve") == 1


def test_a_dispute_that_nobody_answers_is_lost(world: Gateways, api: Api) -> None:
    charge(api, world, "pay-0001")
    number = world.do("paystack", "dispute", reference="pay-0001", amount=3000)["id"]
    world.advance(86_401)
    assert api.good("GET", f"/dispute/{number}")["status"] == "resolved"


def test_a_lost_answer_is_found_by_its_reference(world: Gateways, api: Api) -> None:
    world.fault("timeout_after_success", provider="paystack", count=1)
    body = {**payer(world), "reference": "pay-0001"}
    with pytest.raises(requests.Timeout):
        api.call("POST", "/transaction/charge_authorization", body, timeout=0.3)
    assert api.call("POST", "/transaction/charge_authorization", body)[1]["code"] == "duplicate_reference"
    assert api.good("GET", "/transaction/verify/pay-0001")["status"] == "success"
    assert len(world.ledger(kind="charge")) == 1


@pytest.mark.parametrize(
    ("kind", "name"),
    [("unknown_status", "status"), ("wrong_amount", "amount"), ("wrong_currency", "currency")],
)
def test_a_lookup_may_lie_or_be_late(world: Gateways, api: Api, kind: str, name: str) -> None:
    paid, path = charge(api, world, "pay-0001"), "/transaction/verify/pay-0001"
    world.fault(kind, provider="paystack", count=1)
    assert api.good("GET", path)[name] != paid[name] == api.good("GET", path)[name]
    world.fault("lookup_404_for", provider="paystack", count=1)
    assert api.call("GET", path)[0] == 404 and api.call("GET", path)[0] == 200


def test_many_at_once_under_one_reference_pay_once(world: Gateways, api: Api) -> None:
    body = {**payer(world), "reference": "pay-0001"}
    found: list[int] = []
    each = [threading.Thread(target=lambda: found.append(
        Api(world.url).call("POST", "/transaction/charge_authorization", body)[0])) for _ in range(6)]  # fmt: skip
    for thread in each:
        thread.start()
    for thread in each:
        thread.join()
    assert sorted(found) == [200] + [400] * 5 and len(world.ledger(kind="charge")) == 1


@pytest.mark.parametrize("name", ["paystack-transfer-success", "paystack-charge-unicode-spaces"])
def test_the_signature_is_the_published_one(name: str) -> None:
    known = vector(name)
    found = signature(known["body"].encode(), known["secret"])
    assert known["header"] == f"x-paystack-signature: {found}"
