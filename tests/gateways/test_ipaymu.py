"""iPaymu: signed bytes, links and codes that a payer pays, no idempotency, callbacks in their variants."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests

from sandbox.gateways.control import Gateways
from sandbox.gateways.ipaymu import signing
from tests.gateways.receiver import Receiver
from tests.gateways.vectors import vector

VA, KEY, NAME = "1179000899", "SANDBOX-simulator", "ipaymu"
AVAILABLE = "ipaymu:platform:available"
DAY = 86_400


class Api:
    """Calls signed by this class, not by the simulator's code."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(
        self, path: str, body: Any, *, verb: str = "POST", spoil: bytes = b"", key: str = KEY
    ) -> tuple[int, Any]:
        sent = json.dumps(body, separators=(",", ":")).encode() if verb == "POST" else b""
        text = f"{verb}:{VA}:{hashlib.sha256(sent).hexdigest()}:{key}"
        signature = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
        headers = {
            "va": VA,
            "signature": signature,
            "timestamp": "20261121100000",
            "Content-Type": "application/json",
        }
        answer = requests.request(
            verb, f"{self.url}/ipaymu/api/v2{path}", data=sent + spoil, headers=headers, timeout=5
        )
        return answer.status_code, answer.json()

    def good(self, path: str, body: Any = None, *, verb: str = "POST") -> Any:
        status, found = self.call(path, body, verb=verb)
        assert (status, found["Status"], found["Success"]) == (200, 200, True), found
        return found["Data"]


@pytest.fixture
def api(world: Gateways) -> Api:
    return Api(world.url)


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def code(
    reference: str = "inv-42-a1", channel: str = "bni", method: str = "va", notify: str = ""
) -> dict[str, Any]:
    return {"name": "Putu / Bùdi", "phone": "0812", "email": "p@example.com", "amount": 102_000, "notifyUrl": notify,
            "referenceId": reference, "paymentMethod": method, "paymentChannel": channel, "expired": 24,
            "feeDirection": "MERCHANT"}  # fmt: skip


def link(reference: str = "inv-42-a1", **more: Any) -> dict[str, Any]:
    return {"product": ["Plan"], "qty": [2], "price": ["50000"], "referenceId": reference, "expired": 2,
            "buyerEmail": "p@example.com", **more}  # fmt: skip


def test_a_code_is_paid_once(world: Gateways, api: Api) -> None:
    made = api.good("/payment/direct", code())
    assert (made["Total"], made["Fee"], made["Channel"]) == (102_000, 714, "BNI") and made["PaymentNo"]
    seen = api.good("/transaction", {"transactionId": str(made["TransactionId"])})
    assert (seen["Status"], seen["ReferenceId"]) == (0, "inv-42-a1") and world.ledger() == []
    world.do(NAME, "end", id=made["TransactionId"], outcome="paid")
    assert api.good("/transaction", {"transactionId": made["TransactionId"]})["Status"] == 1
    (moved,) = world.ledger(kind="charge")
    assert (moved["reference"], moved["amount"], moved["currency"]) == ("inv-42-a1", 102_000, "IDR")
    assert api.good("/balance", {"account": VA})["MerchantBalance"] == str(102_000 - 714)
    world.advance(2 * DAY)
    assert api.good("/transaction", {"transactionId": made["TransactionId"]})["Status"] == 1


def test_a_reference_makes_a_code_each_time_and_both_can_be_paid(world: Gateways, api: Api) -> None:
    first, second = (api.good("/payment/direct", code())["TransactionId"] for _ in range(2))
    assert first != second
    for each in (first, second):
        world.do(NAME, "end", id=each, outcome="paid")
    assert not world.assertions()["ok"] and len(world.assertions()["doubles"]) == 1


@pytest.mark.parametrize("button", ["pay", "expire"])
def test_a_link_leads_to_a_page(world: Gateways, api: Api, button: str) -> None:
    made = api.good("/payment", link(returnUrl="http://shop.example/back?a=1"))
    assert (
        set(made) == {"SessionID", "Url"} and "Pay with iPaymu" in requests.get(made["Url"], timeout=5).text
    )
    for _ in range(2):
        back = requests.post(made["Url"], {"do": button}, timeout=5, allow_redirects=False)
    number = dict(parse_qsl(back.headers["location"].partition("?")[2]))["trx_id"]
    assert api.good("/transaction", {"transactionId": number})["Status"] == (1 if button == "pay" else -2)
    assert [each["amount"] for each in world.ledger(kind="charge")] == ([100_000] if button == "pay" else [])


@pytest.mark.parametrize(("channel", "method", "hours"), [("bca", "va", 12), ("bri", "va", 2), ("mpm", "qris", 5 / 60),
                                                          ("bni", "va", 24)])  # fmt: skip
def test_a_code_lapses_by_its_channel(
    world: Gateways, api: Api, channel: str, method: str, hours: float
) -> None:
    number = api.good("/payment/direct", code(channel=channel, method=method))["TransactionId"]
    world.advance(hours * 3600 - 5)
    assert api.good("/transaction", {"transactionId": number})["Status"] == 0
    world.advance(10)
    assert api.good("/transaction", {"transactionId": number})["Status"] == -2


@pytest.mark.parametrize(("outcome", "status"), [("paid", 1), ("cancelled", 2), ("failed", 5), ("expired", -2),
                                                 ("escrow", 7), ("error", 4)])  # fmt: skip
def test_a_fixed_outcome(world: Gateways, api: Api, outcome: str, status: int) -> None:
    world.decide(NAME, "inv-42-a1", outcome=outcome, seconds=10)
    number = api.good("/payment/direct", code())["TransactionId"]
    world.advance(11)
    assert api.good("/transaction", {"transactionId": number})["Status"] == status
    assert len(world.ledger(kind="charge")) == (status == 1)


def test_paid_money_may_be_there_later_and_go_again(world: Gateways, api: Api) -> None:
    world.configure(NAME, settle_seconds=DAY)
    world.fault("late_reversal", provider=NAME, days=3)
    number = api.good("/payment/direct", code())["TransactionId"]
    world.do(NAME, "end", id=number, outcome="paid")
    statuses = []
    for seconds in (0, DAY + 1, 3 * DAY):
        world.advance(seconds)
        statuses.append(api.good("/transaction", {"transactionId": number})["Status"])
    assert statuses == [6, 1, 3]
    assert world.balances()[AVAILABLE] == {"IDR": -714}


def test_a_lost_creation_is_found_in_the_history(world: Gateways, api: Api) -> None:
    for each in range(25):
        api.good("/payment/direct", code(f"inv-{each}"))
    world.fault("reset_after_success", provider=NAME, count=1)
    with pytest.raises(requests.ConnectionError):
        api.call("/payment", link("inv-lost"))
    (found,) = [each for each in api.good("/history", {"page": 1, "limit": 20})["Transaction"]
                if each["ReferenceId"] == "inv-lost"]  # fmt: skip
    assert found["Amount"] == 100_000
    second = api.good(
        "/history", {"page": 2, "limit": 100, "startdate": "2020-01-01", "enddate": "2099-01-01"}
    )
    assert len(second["Transaction"]) == 6 and second["Pagination"]["total"] == 26
    assert api.good("/history", {"enddate": "2020-01-01"})["Transaction"] == []
    world.configure(NAME, history_member="Results", links_listed=False)
    assert all(each["ReferenceId"] != "inv-lost" for each in api.good("/history", {})["Results"])


@pytest.mark.parametrize(("kind", "name"), [("unknown_status", "Status"), ("wrong_amount", "Amount")])
def test_a_lookup_may_lie_or_be_late(world: Gateways, api: Api, kind: str, name: str) -> None:
    asked = {"transactionId": api.good("/payment/direct", code())["TransactionId"]}
    world.fault(kind, provider=NAME, count=1)
    assert api.good("/transaction", asked)[name] != api.good("/transaction", asked)[name]
    world.fault("lookup_404_for", provider=NAME, count=1)
    assert api.call("/transaction", asked)[0] == 404 and api.call("/transaction", asked)[0] == 200


def test_only_the_bytes_that_were_signed_are_taken(api: Api) -> None:
    assert api.call("/payment/direct", code(), spoil=b" ") == (
        401,
        {"Status": 401, "Message": "unauthorized"},
    )
    assert api.call("/payment/direct", code(), key="other")[0] == 401
    assert "qris" in [each["Code"] for each in api.good("/payment-channels", verb="GET")]
    known = vector("ipaymu-request")
    found = signing.of_request("POST", VA, known["secret"], known["body"].encode())
    assert known["header"] == f"signature: {found}"


@pytest.mark.parametrize("change", [{"amount": "1.5"}, {"amount": 0}, {"paymentChannel": "none"}, {"email": ""},
                                    {"expired": "x"}])  # fmt: skip
def test_a_request_that_does_not_fit_is_refused(world: Gateways, api: Api, change: dict[str, Any]) -> None:
    status, found = api.call("/payment/direct", {**code(), **change})
    assert status == 400 and found["Message"] == "error - invalid request" and found["Error"]
    assert api.good("/history", {})["Transaction"] == []


def test_what_is_not_for_us(world: Gateways, api: Api) -> None:
    assert api.call("/balance", {"account": "other"}) == (400, {"Status": 400, "Message": "Invalid va"})
    assert api.call("/transaction", {"transactionId": 5})[0] == 404
    assert api.call("/transferva", {"sender": VA, "receiver": "1", "amount": 5})[0] == 403


@pytest.mark.parametrize("variant", ["A", "B"])
@pytest.mark.parametrize("form", [True, False])
@pytest.mark.parametrize("escaped", [True, False])
def test_callbacks_carry_the_variants_signature(
    world: Gateways, api: Api, hooks: Receiver, variant: str, form: bool, escaped: bool
) -> None:
    world.configure(NAME, callback_variant=variant, callback_form=form, callback_escaped=escaped)
    number = api.good("/payment/direct", code(notify=hooks.url))["TransactionId"]
    world.do(NAME, "end", id=number, outcome="paid")
    (taken,) = hooks.wait(1)
    fields: Any = (
        dict(parse_qsl(taken.body.decode(), keep_blank_values=True)) if form else json.loads(taken.body)
    )
    assert taken.headers["content-type"].endswith("urlencoded" if form else "json")
    assert (str(fields["trx_id"]), fields["status"], str(fields["status_code"])) == (
        str(number),
        "berhasil",
        "1",
    )
    if form:  # a form has lost the types: whoever checks puts them back by the variant
        numbers = ["trx_id", "status_code", "transaction_status_code", "paid_off"]
        numbers += ["amount", "total", "sub_total", "fee"] if variant == "B" else []
        fields |= {name: int(fields[name]) for name in numbers}
        fields |= {"is_escrow": False if variant == "A" else 0, "additional_info": []}
    text = json.dumps(dict(sorted(fields.items())), separators=(",", ":"), ensure_ascii=escaped).replace(
        "/", r"\/"
    )
    assert taken.headers["x-signature"] == hmac.new(VA.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert taken.headers["x-external-id"] and taken.headers["x-timestamp"].endswith("+07:00")


def test_a_callback_signed_wrongly_and_one_written_anew(world: Gateways, api: Api, hooks: Receiver) -> None:
    world.fault("hook_reserialised", provider=NAME)
    world.fault("hook_wrong_signature", provider=NAME, nth=1)
    for _ in range(2):
        world.do(
            NAME,
            "end",
            id=api.good("/payment/direct", code(notify=hooks.url))["TransactionId"],
            outcome="paid",
        )
        world.quiet()
    first, second = hooks.wait(2)
    for taken, genuine in ((first, False), (second, True)):
        typed = signing.variant(dict(parse_qsl(taken.body.decode(), keep_blank_values=True)), "B")
        assert (taken.headers["x-signature"] == signing.of_callback(typed, VA, escaped=True)) is genuine


@pytest.mark.parametrize("variant", ["A", "B"])
def test_the_signatures_are_those_of_the_vectors(variant: str) -> None:
    known = vector(f"ipaymu-callback-{variant}")
    fields = json.loads(known["body"])
    assert signing.canonical(fields, escaped=True) == known["signed_string"]
    assert signing.variant(fields, variant) == fields
    assert known["header"] == f"X-Signature: {signing.of_callback(fields, known['secret'], escaped=True)}"
