"""The HTTP and JSON-RPC surface."""

import http.client
import json
import subprocess
import sys

import pytest
import requests
from solders.pubkey import Pubkey

from sandbox.localnet import base58, tokens, wire
from sandbox.localnet.control import Localnet, LocalnetError
from sandbox.run.paths import CHECKOUT
from tests.localnet.conftest import Payer

PROCESSED = {"commitment": "processed"}


def test_a_batch_answers_each_call_with_its_id(still: Localnet) -> None:
    calls = [
        {"jsonrpc": "2.0", "id": "a", "method": "getSlot"},
        {"jsonrpc": "2.0", "id": "b", "method": "noSuchMethod"},
        "not a call",
    ]
    answers = still.post(calls).json()
    assert [each["id"] for each in answers] == ["a", "b", None]
    assert answers[0]["result"] > 0
    assert [each["error"]["code"] for each in answers[1:]] == [-32601, -32600]
    assert still.post([]).json()["error"]["code"] == -32600


def test_what_is_no_json_is_a_parse_error(still: Localnet) -> None:
    answer = requests.post(still.url, data=b"{", headers={"Content-Type": "application/json"}, timeout=5)
    assert answer.json()["error"]["code"] == -32700


def test_explicit_nulls_mean_left_out(still: Localnet, payer: Payer) -> None:
    address = str(payer.key.pubkey())
    still.advance(1)
    nulls = {"limit": None, "before": None, "until": None, "commitment": "confirmed", "minContextSlot": None}
    assert len(still.call("getSignaturesForAddress", address, nulls)) == 1
    assert still.call("getBalance", address, None)["value"] == payer.balance()
    assert still.call("getAccountInfo", address, {"encoding": None, "dataSlice": None})["value"]
    assert still.call("getSlot", {"commitment": None}) == still.call("getSlot")
    assert still.call("getSignatureStatuses", [], {"searchTransactionHistory": None})["value"] == []


def test_limits_of_public_nodes(still: Localnet) -> None:
    signature = "1" * 64
    assert len(still.statuses([signature] * 256)) == 256
    for method, items in (
        ("getSignatureStatuses", [signature] * 257),
        ("getMultipleAccounts", ["1" * 32] * 101),
    ):
        with pytest.raises(LocalnetError) as refused:
            still.call(method, items)
        assert refused.value.code == -32602


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("getBalance", []),
        ("getBalance", ["not a key"]),
        ("getSlot", [{"commitment": "soon"}]),
        ("sendTransaction", ["AAAA", {"encoding": "base64"}]),
        ("sendTransaction", ["!", {"encoding": "base64"}]),
        ("getSignatureStatuses", [["short"]]),
        ("getTokenAccountBalance", ["1" * 32]),
        ("x_advance", [-1]),
    ],
)
def test_bad_parameters_are_32602(still: Localnet, method: str, params: list[object]) -> None:
    with pytest.raises(LocalnetError) as refused:
        still.call(method, *params)
    assert refused.value.code == -32602


def test_health_and_methods_of_http(still: Localnet) -> None:
    health = requests.get(f"{still.url}/health", timeout=5)
    assert (health.status_code, health.text) == (200, "ok")
    assert requests.get(still.url, timeout=5).status_code == 405
    assert (
        requests.post(still.url, data="{}", headers={"Content-Type": "text/plain"}, timeout=5).status_code
        == 415
    )


def test_one_connection_serves_pipelined_requests_in_order(still: Localnet) -> None:
    connection = http.client.HTTPConnection(still.url.removeprefix("http://"), timeout=5)
    headers = {"Content-Type": "application/json"}
    for number in range(3):
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "getSlot"})
        connection.request("POST", "/", body, headers)
        assert json.loads(connection.getresponse().read())["id"] == number
    connection.close()


def test_a_taken_port_is_named_in_one_line(still: Localnet) -> None:
    port = still.url.rpartition(":")[2]
    command = [sys.executable, "-m", "sandbox.localnet", "--port", port]
    second = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert port in second.stderr
    assert second.stderr.count("\n") == 1


def test_control_can_be_switched_off_and_faults_given_at_start() -> None:
    faults = json.dumps([{"kind": "behind", "methods": ["getVersion"], "slots": 3}])
    arguments = ["--admin", "off", "--faults", faults]
    with Localnet.start(slot_ms=0, arguments=arguments) as net:
        with pytest.raises(LocalnetError) as refused:
            net.advance()
        assert refused.value.code == -32601
        with pytest.raises(LocalnetError) as behind:
            net.call("getVersion")
        assert behind.value.data == {"numSlotsBehind": 3}


def test_set_account_overwrites(still: Localnet) -> None:
    address = Pubkey.new_unique()
    still.set_account(address, lamports=77, data=b"abc")
    found = still.call("getAccountInfo", str(address))["value"]
    assert (found["lamports"], found["data"], found["space"]) == (77, ["YWJj", "base64"], 3)


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        ([], None),
        ([b"hello"], "[5] hello"),
        (["grün".encode()], "[5] grün"),
        ([b"a", b"bc"], "[1] a; [2] bc"),
        ([b"\xff"], "(unparseable)"),
    ],
)
def test_memos_are_printed_with_their_length_in_bytes(texts: list[bytes], shown: str | None) -> None:
    assert wire.format_memos(texts) == shown


@pytest.mark.parametrize(
    ("amount", "decimals", "text"), [(0, 6, "0"), (1, 6, "0.000001"), (2_500_000, 6, "2.5"), (10, 0, "10")]
)
def test_token_amounts_are_exact_text(amount: int, decimals: int, text: str) -> None:
    assert tokens.ui_amount(amount, decimals)["uiAmountString"] == text


def test_base58_there_and_back() -> None:
    address = Pubkey.new_unique()
    assert base58.encode(bytes(address)) == str(address)
    assert base58.decode(base58.encode(b"\0\0abc")) == b"\0\0abc"
