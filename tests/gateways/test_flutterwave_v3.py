"""Flutterwave's version 3: decimals, references that are used once, transfers that stay, callbacks without proof."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.gateways.control import Gateways
from tests.gateways.conftest import listening
from tests.gateways.receiver import Receiver
from tests.gateways.vectors import vector

EMAIL, NAME = "ada@example.com", "flutterwave-v3"
GOOD, ASKED, POOR, REFUSED = "5531886652142950", "4187427415564246", "5258585922666506", "5143010522339965"
AVAILABLE = "flutterwave:platform:available"


class Api:
    """Plain calls with the key."""

    def __init__(self, url: str) -> None:
        self.base, self.session = f"{url}/flw/v3", requests.Session()
        self.session.headers["Authorization"] = "Bearer FLWSECK_TEST-simulator-X"

    def call(self, verb: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.session.request(verb, self.base + path, json=body, timeout=10)
        return answer.status_code, answer.json()

    def good(self, verb: str, path: str, body: Any = None) -> Any:
        status, found = self.call(verb, path, body)
        assert (status, found["status"]) == (200, "success"), found
        return found["data"]


@pytest.fixture
def api(world: Gateways) -> Api:
    return Api(world.url)


@pytest.fixture
def hooks(world: Gateways) -> Iterator[Receiver]:
    yield from listening(world, NAME)


@pytest.fixture
def rich(world: Gateways) -> Gateways:
    world.give(AVAILABLE, "NGN", 10_000_000)
    return world


def pull(world: Gateways, reference: str = "pay-1", card: str = GOOD, amount: Any = 300.5) -> dict[str, Any]:
    token = world.do(NAME, "authorize", email=EMAIL, card=card)
    return {
        **token,
        "currency": "NGN",
        "country": "NG",
        "amount": amount,
        "tx_ref": reference,
        "meta": {"rate": 1.5},
    }


def order(reference: str, amount: Any = 5500, account: str = "0690000040") -> dict[str, Any]:
    return {
        "account_bank": "044",
        "account_number": account,
        "amount": amount,
        "currency": "NGN",
        "reference": reference,
    }


def test_a_token_is_charged_once(world: Gateways, api: Api, hooks: Receiver) -> None:
    paid = api.good("POST", "/tokenized-charges", pull(world))
    assert (paid["status"], paid["amount"], paid["currency"]) == ("successful", 300.5, "NGN")
    assert api.good("GET", f"/transactions/{paid['id']}/verify")["tx_ref"] == "pay-1"
    assert api.good("GET", "/transactions/verify_by_reference?tx_ref=pay-1")["id"] == paid["id"]
    status, refused = api.call("POST", "/tokenized-charges", pull(world))
    assert status == 400 and "Duplicate" in refused["message"] and refused["data"] is None
    (moved,) = world.ledger(kind="charge")
    assert (moved["reference"], moved["amount"], moved["provider"]) == ("pay-1", 30_050, "flutterwave")
    (taken,) = hooks.wait(1)
    assert json.loads(taken.body)["event"] == "charge.completed"
    assert taken.headers["verif-hash"] == "flw_secret_hash"
    api.good("POST", f"/transactions/{paid['id']}/resend-hook")
    assert hooks.wait(2)[1].body == taken.body


@pytest.mark.parametrize(("card", "said"), [(POOR, "Insufficient Funds"), (REFUSED, "Do not honour")])
def test_a_refused_card_moves_nothing(
    world: Gateways, api: Api, hooks: Receiver, card: str, said: str
) -> None:
    failed = api.good("POST", "/tokenized-charges", pull(world, card=card))
    assert (failed["status"], failed["processor_response"]) == ("failed", said)
    assert world.ledger() == [] and json.loads(hooks.wait(1)[0].body)["data"]["status"] == "failed"


def test_a_card_that_asks_is_pending_until_its_holder_agrees(world: Gateways, api: Api) -> None:
    status, found = api.call("POST", "/tokenized-charges", pull(world, card=ASKED))
    assert status == 200 and found["data"]["status"] == "pending"
    requests.post(found["meta"]["authorization"]["redirect"], {"do": "yes"}, timeout=5)
    assert api.good("GET", "/transactions/verify_by_reference?tx_ref=pay-1")["status"] == "successful"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("unknown_status", "status"), ("wrong_amount", "amount"), ("wrong_currency", "currency")],
)
def test_a_lookup_may_lie_or_be_late(world: Gateways, api: Api, kind: str, name: str) -> None:
    paid = api.good("POST", "/tokenized-charges", pull(world))
    path = f"/transactions/{paid['id']}/verify"
    world.fault(kind, provider=NAME, count=1)
    assert api.good("GET", path)[name] != paid[name] == api.good("GET", path)[name]
    world.fault("lookup_404_for", provider=NAME, count=1)
    assert api.call("GET", path)[0] == 404 and api.call("GET", path)[0] == 200


def test_a_payer_pays_on_the_page(world: Gateways, api: Api) -> None:
    body = {"tx_ref": "pay-1", "amount": "250", "currency": "NGN", "customer": {"email": EMAIL},
            "redirect_url": "http://shop.example/back"}  # fmt: skip
    link = api.good("POST", "/payments", body)["link"]
    assert api.call("GET", "/transactions/verify_by_reference?tx_ref=pay-1")[0] == 404
    assert "Pay with Flutterwave" in requests.get(link, timeout=5).text
    back = requests.post(link, {"do": "card", "card": GOOD}, timeout=5, allow_redirects=False)
    seen = api.good("GET", "/transactions/verify_by_reference?tx_ref=pay-1")
    assert seen["status"] == "successful" and f"transaction_id={seen['id']}" in back.headers["location"]
    requests.post(link, {"do": "card", "card": GOOD}, timeout=5, allow_redirects=False)
    assert len(world.ledger(kind="charge")) == 1


@pytest.mark.parametrize("change", [{"amount": 0}, {"amount": 1.005}, {"amount": "x"}, {"currency": "XXX"},
                                    {"email": "other@example.com"}, {"token": "flw-none"}, {"tx_ref": ""}])  # fmt: skip
def test_a_request_that_does_not_fit_is_refused(world: Gateways, api: Api, change: dict[str, Any]) -> None:
    status, found = api.call("POST", "/tokenized-charges", {**pull(world), **change})
    assert (status, found["status"]) == (400, "error") and world.ledger() == []


def test_a_stranger_and_a_fault_of_theirs(world: Gateways, api: Api) -> None:
    world.fault("500_before", provider=NAME, count=1)
    assert api.call("GET", "/balances")[1]["code"] == "app_error"
    api.session.headers["Authorization"] = "Bearer other"
    assert api.call("GET", "/balances")[0] == 401


@pytest.mark.parametrize(
    ("suffix", "seconds", "status"),
    [("_PMCK", 600, "SUCCESSFUL"), ("_PMCK_ST_F", 600, "FAILED"), ("_PMCKDU_1", 60, "SUCCESSFUL"),
     ("_PMCK_ST_FDU_2", 120, "FAILED")],
)  # fmt: skip
def test_a_suffix_ends_a_transfer(
    rich: Gateways, api: Api, hooks: Receiver, suffix: str, seconds: int, status: str
) -> None:
    made = api.good("POST", "/transfers", order(f"po0001{suffix}"))
    assert (made["status"], made["fee"]) == ("NEW", 26.88)
    rich.advance(seconds - 1)
    assert api.good("GET", f"/transfers/{made['id']}")["status"] == "PENDING"
    rich.advance(2)
    (seen,) = api.good("GET", f"/transfers?reference=po0001{suffix}")
    assert (seen["status"], len(rich.ledger(kind="payout"))) == (status, status == "SUCCESSFUL")
    told = json.loads(hooks.wait(1)[0].body)
    assert (told["event"], told["data"]["status"], told["data"]["amount"]) == (
        "transfer.completed",
        status,
        "5500.00",
    )


def test_a_transfer_without_a_suffix_stays_for_ever(rich: Gateways, api: Api, hooks: Receiver) -> None:
    made = api.good("POST", "/transfers", order("po0001"))
    rich.advance(30 * 86_400)
    assert api.good("GET", f"/transfers/{made['id']}")["status"] == "PENDING"
    status, refused = api.call("POST", "/transfers", order("po0001"))
    assert status == 400 and "already exists" in refused["message"]
    rich.do(NAME, "end_transfer", reference="po0001", status="FAILED")
    assert rich.balances()[AVAILABLE] == {"NGN": 10_000_000 - 2688}
    rich.configure(NAME, transfer_seconds=5)
    api.good("POST", "/transfers", order("po0002"))
    rich.advance(6)
    assert [each["reference"] for each in rich.ledger(kind="payout")] == ["po0002"]


def test_a_transfer_that_can_not_be(world: Gateways, api: Api) -> None:
    assert "Insufficient" in api.call("POST", "/transfers", order("po0001"))[1]["message"]
    status, found = api.call("POST", "/transfers", order("po0001", account="0690000036"))
    assert status == 400 and "blacklisted" in found["message"]


def test_a_batch_tells_nothing_but_its_number(rich: Gateways, api: Api) -> None:
    items = [{"bank_code": "044", "account_number": account, "amount": 100, "currency": "NGN",
              "reference": f"po000{each}_PMCKDU_1"}
             for each, account in enumerate(("0690000040", "0690000036", "0690000041"))]  # fmt: skip
    batch = api.good("POST", "/bulk-transfers", {"title": "May", "bulk_data": items})["id"]
    rich.advance(61)
    found = {
        each["reference"][:6]: each["status"] for each in api.good("GET", f"/transfers?batch_id={batch}")
    }
    assert found == {"po0000": "SUCCESSFUL", "po0001": "FAILED", "po0002": "SUCCESSFUL"}


def test_refunds_whole_and_in_part(rich: Gateways, api: Api) -> None:
    paid = api.good("POST", "/tokenized-charges", pull(rich))
    first = api.good("POST", f"/transactions/{paid['id']}/refund", {"amount": 100.25})
    assert api.call("POST", f"/transactions/{paid['id']}/refund", {"amount": 200.26})[0] == 400
    rich.decide(NAME, "refund:pay-1", outcome="failed", times=1)
    second = api.good("POST", f"/transactions/{paid['id']}/refund")
    rich.advance(61)
    assert [api.good("GET", f"/refunds/{each['id']}")["status"] for each in (first, second)] == [
        "completed",
        "failed",
    ]
    assert [each["amount"] for each in rich.ledger(kind="refund")] == [10_025]


def test_the_word_of_callbacks_is_theirs(world: Gateways, api: Api, hooks: Receiver) -> None:
    known = vector("flutterwave-v3")
    world.configure(NAME, webhook_secrets=[known["secret"]])
    world.fault("hook_wrong_signature", provider=NAME, nth=2)
    for reference in ("pay-1", "pay-2"):
        api.good("POST", "/tokenized-charges", pull(world, reference))
        hooks.wait(1)
        world.quiet()
    good, bad = hooks.wait(2)
    assert f"verif-hash: {good.headers['verif-hash']}" == known["header"]
    assert bad.headers["verif-hash"] != known["secret"]
