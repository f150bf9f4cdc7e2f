"""Flutterwave's version 4: tokens that end, keys that are replayed, scenarios, signed callbacks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.gateways.control import Gateways
from sandbox.gateways.flutterwave.v4.mount import signature
from tests.gateways.conftest import listening
from tests.gateways.receiver import Receiver
from tests.gateways.vectors import vector

EMAIL, NAME, KEY = "ada@example.com", "flutterwave", "pay-0001-the-key"
GOOD, ASKED, POOR = "5531886652142950", "4187427415564246", "5258585922666506"
AVAILABLE = "flutterwave:platform:available"
CREDENTIALS = {"client_id": "client_simulator", "client_secret": "secret_simulator",
               "grant_type": "client_credentials"}  # fmt: skip


class Api:
    """Plain calls with a token; ``headers`` of the last answer."""

    def __init__(self, url: str) -> None:
        self.url, self.session = url, requests.Session()
        self.headers: Any = {}

    def sign_in(self, **change: str) -> tuple[int, Any]:
        path = "/flw/idp/realms/flutterwave/protocol/openid-connect/token"
        answer = requests.post(self.url + path, {**CREDENTIALS, **change}, timeout=5)
        if answer.status_code == 200:
            self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer.status_code, answer.json()

    def call(
        self, verb: str, path: str, body: Any = None, *, key: str = "", scenario: str = ""
    ) -> tuple[int, Any]:
        headers = {"X-Idempotency-Key": key, "X-Scenario-Key": scenario}
        sent = {name: value for name, value in headers.items() if value}
        answer = self.session.request(verb, f"{self.url}/flw/v4{path}", json=body, headers=sent, timeout=10)
        self.headers = answer.headers
        return answer.status_code, answer.json()

    def good(self, verb: str, path: str, body: Any = None, **more: str) -> Any:
        status, found = self.call(verb, path, body, **more)
        assert status in (200, 201) and found["status"] == "success", found
        return found["data"]


@pytest.fixture
def api(world: Gateways) -> Api:
    found = Api(world.url)
    assert found.sign_in()[1]["expires_in"] == 600
    return found


@pytest.fixture
def hooks(world: Gateways) -> Iterator[Receiver]:
    yield from listening(world, NAME)


@pytest.fixture
def rich(world: Gateways) -> Gateways:
    world.give(AVAILABLE, "NGN", 10_000_000)
    return world


def pull(world: Gateways, reference: str = "pay-1", card: str = GOOD, amount: Any = 300.5) -> dict[str, Any]:
    payer = world.do(NAME, "authorize", email=EMAIL, card=card)
    return {
        **payer,
        "currency": "NGN",
        "amount": amount,
        "reference": reference,
        "recurring": True,
        "meta": {"rate": 1.5},
    }


def order(reference: str, account: str = "0690000040", value: Any = 100.5) -> dict[str, Any]:
    bank = {"account_number": account, "code": "044"}
    told = {"source_currency": "NGN", "destination_currency": "NGN", "recipient": {"bank": bank},
            "amount": {"value": value, "applies_to": "destination_currency"}}  # fmt: skip
    return {"action": "instant", "type": "bank", "reference": reference, "payment_instruction": told}


def test_a_token_lasts_ten_minutes(world: Gateways, api: Api) -> None:
    assert api.call("GET", "/banks?country=NG")[0] == 200
    world.advance(601)
    status, found = api.call("GET", "/banks?country=NG")
    assert (status, found["error"]["code"]) == (401, "10401")
    api.sign_in()
    world.fault("token_expired", provider=NAME, nth=1)
    assert [api.call("GET", "/banks")[0] for _ in range(2)] == [401, 401]
    api.sign_in()
    assert api.call("GET", "/banks")[0] == 200
    assert api.sign_in(client_secret="other")[0] == 401 and api.sign_in(grant_type="password")[0] == 400


def test_a_key_replays_the_first_answer(world: Gateways, api: Api, hooks: Receiver) -> None:
    body = pull(world)
    first = api.good("POST", "/charges", body, key=KEY)
    assert "X-Idempotency-Cache-Hit" not in api.headers and first["status"] == "succeeded"
    assert api.good("POST", "/charges", body, key=KEY) == first
    assert api.headers["X-Idempotency-Cache-Hit"] == "true"
    status, found = api.call("POST", "/charges", body, key="pay-0001-another-key")
    assert (status, found["error"]["type"], found["error"]["code"]) == (
        409,
        "CHARGE_ALREADY_EXISTS",
        "1100409",
    )
    (moved,) = world.ledger(kind="charge")
    assert (moved["reference"], moved["amount"], moved["object"]) == ("pay-1", 30_050, first["id"])
    assert [each["id"] for each in api.good("GET", "/charges?reference=pay-1")] == [first["id"]]
    assert api.good("GET", f"/charges/{first['id']}")["amount"] == 300.5
    (taken,) = hooks.wait(1)
    assert json.loads(taken.body)["type"] == "charge.completed"
    assert taken.headers["flutterwave-signature"] == signature(taken.body, "flw_secret_hash")


def test_a_refused_card(world: Gateways, api: Api, hooks: Receiver) -> None:
    failed = api.good("POST", "/charges", pull(world, card=POOR))
    assert (failed["status"], failed["processor_response"]["type"]) == ("failed", "insufficient_funds")
    assert world.ledger() == [] and json.loads(hooks.wait(1)[0].body)["type"] == "charge.failed"


@pytest.mark.parametrize("issuer", ["approved", "do_not_honor", "suspected_fraud"])
def test_a_scenario_stands_before_the_card(world: Gateways, api: Api, issuer: str) -> None:
    found = api.good("POST", "/charges", pull(world, card=POOR), scenario=f"issuer:{issuer}")
    assert found["status"] == ("succeeded" if issuer == "approved" else "failed")
    assert found["processor_response"]["type"] == issuer


@pytest.mark.parametrize(("card", "scenario"), [(ASKED, ""), (GOOD, "scenario:auth_3ds&issuer:approved")])
def test_a_payer_is_asked(world: Gateways, api: Api, card: str, scenario: str) -> None:
    asked = api.good("POST", "/charges", pull(world, card=card), scenario=scenario)
    assert asked["status"] == "pending" and world.ledger() == []
    url = asked["next_action"]["redirect_url"]["url"]
    assert "was it you?" in requests.get(url, timeout=5).text
    requests.post(url, {"do": "yes"}, timeout=5)
    assert api.good("GET", f"/charges/{asked['id']}")["status"] == "succeeded"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("unknown_status", "status"), ("wrong_amount", "amount"), ("wrong_currency", "currency")],
)
def test_a_lookup_may_lie_or_be_late(world: Gateways, api: Api, kind: str, name: str) -> None:
    made = api.good("POST", "/charges", pull(world))
    path = f"/charges/{made['id']}"
    world.fault(kind, provider=NAME, count=1)
    assert api.good("GET", path)[name] != made[name] == api.good("GET", path)[name]
    world.fault("lookup_404_for", provider=NAME, count=1)
    assert api.call("GET", path)[0] == 404 and api.call("GET", path)[0] == 200


def test_customers_and_methods(world: Gateways, api: Api) -> None:
    customer = api.good("POST", "/customers", {"email": EMAIL, "name": {"first": "Ada", "last": "L"}})
    assert api.call("POST", "/customers", {"email": EMAIL})[0] == 409
    method = api.good(
        "POST", "/payment-methods", {"type": "card", "card": {"nonce": "n"}, "customer_id": customer["id"]}
    )
    assert "number" not in api.good("GET", f"/payment-methods/{method['id']}")
    body = {"customer_id": customer["id"], "payment_method_id": method["id"], "amount": 5, "currency": "NGN"}
    assert api.good("POST", "/charges", {**body, "reference": "pay-1"})["status"] == "succeeded"
    direct = {"customer": {"email": EMAIL}, "payment_method": {"type": "card", "card": {}}, "amount": 5,
              "currency": "NGN", "reference": "pay-2"}  # fmt: skip
    assert api.good("POST", "/orchestration/direct-charges", direct)["customer_id"] == customer["id"]


@pytest.mark.parametrize("change", [{"amount": 0}, {"amount": 1.005}, {"amount": "5"}, {"currency": "XXX"},
                                    {"currency": []}, {"customer_id": ""}, {"reference": 5}])  # fmt: skip
def test_a_request_that_does_not_fit_is_refused(world: Gateways, api: Api, change: dict[str, Any]) -> None:
    status, found = api.call("POST", "/charges", {**pull(world), **change}, key=KEY)
    assert (status, found["status"]) == (400, "failed") and world.ledger() == []
    assert api.good("POST", "/charges", pull(world), key=KEY)["status"] == "succeeded", (
        "a refusal is not kept"
    )


def test_a_transfer_stays_for_ever_and_nobody_is_told(rich: Gateways, api: Api, hooks: Receiver) -> None:
    made = api.good("POST", "/direct-transfers", order("po000000001"), key="po000000001-key")
    assert (
        api.good("POST", "/direct-transfers", order("po000000001"), key="po000000001-key")["id"] == made["id"]
    )
    assert api.call("POST", "/direct-transfers", order("po000000001"), key="po000000001-other")[0] == 409
    rich.advance(30 * 86_400)
    api.sign_in()
    rich.quiet()
    assert api.good("GET", f"/transfers/{made['id']}")["status"] == "PENDING" and hooks.taken == []
    rich.do(NAME, "end_transfer", reference="po000000001", status="SUCCESSFUL")
    (moved,) = rich.ledger(kind="payout")
    assert (moved["reference"], moved["amount"]) == ("po000000001", 10_050)


@pytest.mark.parametrize(
    ("scenario", "status"),
    [("successful", "SUCCESSFUL"), ("no_account_found", "FAILED"), ("day_limit_error", "FAILED")],
)
def test_a_scenario_ends_a_transfer(
    rich: Gateways, api: Api, hooks: Receiver, scenario: str, status: str
) -> None:
    to = api.good("POST", "/transfers/recipients", {"type": "bank_ngn", "bank": {"account_number": "0690000040",
                                                                                 "code": "044"}})["id"]  # fmt: skip
    assert api.good("GET", f"/transfers/recipients/{to}")["bank"]["code"] == "044"
    told = {
        "source_currency": "NGN",
        "recipient_id": to,
        "amount": {"value": 100, "applies_to": "source_currency"},
    }
    body = {"action": "instant", "reference": "po000000001", "payment_instruction": told}
    made = api.good("POST", "/transfers", body, scenario=f"scenario:{scenario}")
    rich.advance(6)
    seen = api.good("GET", f"/transfers/{made['id']}")
    assert (seen["status"], seen["provider_response"]["type"]) == (status, scenario)
    told = json.loads(hooks.wait(1)[0].body)
    assert (told["type"], told["data"]["status"]) == ("transfer.disburse", status)
    assert len(rich.ledger(kind="payout")) == (status == "SUCCESSFUL")


def test_a_transfer_is_refused_or_comes_back(rich: Gateways, api: Api) -> None:
    assert (
        api.call("POST", "/direct-transfers", order("po000000001"), scenario="scenario:invalid_currency")[0]
        == 400
    )
    assert api.call("POST", "/direct-transfers", order("po000000001", value=1_000_000))[0] == 422
    rich.fault("paid_then_failed", provider=NAME, days=3)
    made = api.good("POST", "/direct-transfers", order("po000000001"), scenario="scenario:successful")
    rich.advance(4 * 86_400)
    api.sign_in()
    seen = api.good("GET", f"/transfers/{made['id']}")
    assert seen["status"] == "REVERSED" and seen["reversal"]
    assert api.good("GET", "/wallets/balances") == [{"currency": "NGN", "available_balance": 99_973.12}]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("unknown_status", "status"), ("wrong_amount", "amount"), ("wrong_currency", "destination_currency")],
)
def test_a_lookup_of_a_transfer_may_lie(rich: Gateways, api: Api, kind: str, name: str) -> None:
    path = f"/transfers/{api.good('POST', '/direct-transfers', order('po000000001'))['id']}"
    rich.fault(kind, provider=NAME, count=1)
    assert api.good("GET", path)[name] != api.good("GET", path)[name]


def test_refunds_whole_and_in_part(rich: Gateways, api: Api, hooks: Receiver) -> None:
    paid = api.good("POST", "/charges", pull(rich))
    first = api.good("POST", "/refunds", {"charge_id": paid["id"], "amount": 100.25}, key="refund-0001-key")
    assert api.call("POST", "/refunds", {"charge_id": paid["id"], "amount": 200.26})[0] == 400
    rich.decide(NAME, "refund:pay-1", outcome="failed", times=1)
    second = api.good("POST", "/refunds", {"charge_id": paid["id"]})
    rich.advance(61)
    seen = [api.good("GET", f"/refunds/{each['id']}")["status"] for each in (first, second)]
    assert seen == ["succeeded", "failed"]
    (moved,) = rich.ledger(kind="refund")
    assert (moved["amount"], moved["reference"]) == (10_025, "refund-0001-key")
    kinds = {json.loads(each.body)["type"] for each in hooks.wait(3)}
    assert kinds == {"charge.completed", "refund.completed", "refund.failed"}


def test_the_signature_is_the_one_of_the_vectors() -> None:
    known = vector("flutterwave-v4")
    assert known["header"] == f"flutterwave-signature: {signature(known['body'].encode(), known['secret'])}"
