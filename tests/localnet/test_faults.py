"""Every fault by its switch, and what it leaves on the chain."""

import base64
import subprocess
import sys
import threading
import time

import pytest
import requests

from sandbox.localnet import wire
from sandbox.localnet.control import Localnet, LocalnetError
from sandbox.localnet.faults import Fault, FaultError, Faults
from sandbox.localnet.rpc.dispatch import METHODS
from sandbox.run.paths import CHECKOUT
from tests.localnet.conftest import Payer

PROCESSED = {"commitment": "processed"}


def landed(net: Localnet, signature: str) -> bool:
    return net.statuses([signature])[0] is not None


def signature_of(raw: bytes) -> str:
    return wire.decode(raw).signature


def test_lost_reply_executes_and_closes_the_connection(still: Localnet, payer: Payer) -> None:
    raw = payer.transfer(1)
    still.fault("lost", methods="sendTransaction", count=1)
    with pytest.raises(requests.ConnectionError):
        still.send(raw)
    assert landed(still, signature_of(raw))
    assert still.send(raw, skip_preflight=True) == signature_of(raw)
    assert len(still.truth(signature=signature_of(raw))) == 1


def test_lost_request_does_not_execute(still: Localnet, payer: Payer) -> None:
    raw = payer.transfer(1)
    still.fault("lost", methods="sendTransaction", when="before")
    with pytest.raises(requests.ConnectionError):
        still.send(raw)
    assert not landed(still, signature_of(raw))


def test_late_lands_so_many_slots_later_and_once(still: Localnet, payer: Payer) -> None:
    raw = payer.transfer(1)
    still.fault("late", slots=60)
    signature = still.send(raw)
    still.advance(59)
    assert not landed(still, signature)
    still.clear_faults()
    assert still.send(raw, skip_preflight=True) == signature
    assert not landed(still, signature)
    slot = still.advance(1)
    assert still.statuses([signature])[0]["slot"] == slot  # type: ignore[index]
    with pytest.raises(LocalnetError) as refused:
        still.send(raw)
    assert refused.value.data["err"] == "AlreadyProcessed"
    assert len(still.truth(signature=signature)) == 1


def test_late_beyond_the_blockhash_never_lands(still: Localnet, payer: Payer) -> None:
    still.fault("late", slots=151, count=1)
    dead = still.send(payer.transfer(1))
    still.fault("late", slots=150, count=1)
    alive = still.send(payer.transfer(2))
    still.advance(200)
    assert not landed(still, dead)
    assert landed(still, alive)
    assert still.status()["held"] == 0


def test_drop_answers_and_never_lands(still: Localnet, payer: Payer) -> None:
    before = payer.balance()
    still.fault("drop")
    signature = still.send(payer.transfer(1))
    still.advance(200)
    assert not landed(still, signature)
    assert payer.balance() == before


def test_http_429_carries_retry_after_and_does_not_execute(still: Localnet, payer: Payer) -> None:
    still.fault("http_429", methods=["getSlot"], retry_after=7)
    answer = still.post({"jsonrpc": "2.0", "id": 1, "method": "getSlot"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert still.call("getBlockHeight") > 0
    still.fault("http_429", methods=["sendTransaction"])
    raw = payer.transfer(1)
    with pytest.raises(requests.HTTPError):
        still.send(raw)
    assert not landed(still, signature_of(raw))


def test_rpc_429_is_an_error_without_data(still: Localnet) -> None:
    still.fault("rpc_429", code=-32429, retry_after=3, count=1)
    answer = still.post({"jsonrpc": "2.0", "id": 1, "method": "getSlot"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (200, "3")
    assert answer.json()["error"]["code"] == -32429
    assert "data" not in answer.json()["error"]
    assert "result" in still.post({"jsonrpc": "2.0", "id": 1, "method": "getSlot"}).json()


@pytest.mark.parametrize(("when", "executes"), [("before", False), ("after", True)])
def test_5xx_before_and_after_execution(still: Localnet, payer: Payer, when: str, executes: bool) -> None:
    raw = payer.transfer(1)
    still.fault("http_5xx", methods="sendTransaction", when=when, status=502)
    with pytest.raises(requests.HTTPError) as failed:
        still.send(raw)
    assert failed.value.response.status_code == 502
    assert landed(still, signature_of(raw)) is executes


def test_slow_answers_late_and_blocks_nobody_else(still: Localnet) -> None:
    still.fault("slow", methods="getVersion", delay_ms=300)
    answered: list[str] = []

    def ask() -> None:
        still.call("getVersion")
        answered.append("getVersion")

    started = time.monotonic()
    slow = threading.Thread(target=ask)
    slow.start()
    assert Localnet(still.url).call("getSlot") >= 0
    answered.append("getSlot")
    slow.join()
    assert time.monotonic() - started >= 0.3
    assert answered == ["getSlot", "getVersion"]


def test_a_slow_node_executes_although_the_client_left(still: Localnet, payer: Payer) -> None:
    raw = payer.transfer(1)
    still.fault("slow", methods="sendTransaction", delay_ms=400)
    with pytest.raises(requests.Timeout):
        requests.post(still.url, json=send_body(raw), timeout=0.1)
    until = time.monotonic() + 20
    while not landed(still, signature_of(raw)) and time.monotonic() < until:
        time.sleep(0.02)
    assert landed(still, signature_of(raw))


def send_body(raw: bytes) -> dict[str, object]:
    params = [base64.b64encode(raw).decode(), {"encoding": "base64", "skipPreflight": True}]
    return {"jsonrpc": "2.0", "id": 1, "method": "sendTransaction", "params": params}


def test_behind_names_the_slots(still: Localnet) -> None:
    still.fault("behind", methods="getLatestBlockhash", slots=42)
    with pytest.raises(LocalnetError) as refused:
        still.call("getLatestBlockhash")
    assert (refused.value.code, refused.value.data) == (-32005, {"numSlotsBehind": 42})


def test_stale_answers_for_one_call_as_an_older_node(still: Localnet, payer: Payer) -> None:
    still.advance(10)
    signature = still.send(payer.transfer(1))
    slot = still.call("getSlot", PROCESSED)
    still.fault("stale", methods=["getSlot", "getSignatureStatuses"], slots=5, count=2)
    assert still.call("getSlot", PROCESSED) == slot - 5
    assert not landed(still, signature)
    assert landed(still, signature)


def test_share_follows_the_seed(still: Localnet) -> None:
    def run(seed: int) -> list[bool]:
        still.clear_faults()
        still.fault("behind", methods="getSlot", share=0.3, seed=seed)
        calls = [{"jsonrpc": "2.0", "id": n, "method": "getSlot"} for n in range(500)]
        return ["error" in each for each in still.post(calls).json()]

    first = run(7)
    assert 100 < sum(first) < 200
    assert run(7) == first
    assert run(8) != first
    assert still.faults()[0]["fired"] == sum(run(8))


def test_one_fault_of_a_batch_loses_the_whole_reply(still: Localnet, payer: Payer) -> None:
    raws = [payer.transfer(n) for n in range(2)]
    still.fault("lost", methods="sendTransaction", count=1)
    with pytest.raises(requests.ConnectionError):
        still.post([send_body(raw) for raw in raws])
    assert all(landed(still, signature_of(raw)) for raw in raws)


def test_faults_can_spare_the_other_node(still: Localnet) -> None:
    still.fault("behind", methods="getVersion", view="main")
    with pytest.raises(LocalnetError):
        still.call("getVersion")
    assert still.at(5).call("getVersion")


def test_one_switch_can_be_cleared(still: Localnet) -> None:
    first, second = still.fault("behind", methods="getSlot"), still.fault("drop")
    assert still.clear_faults(first) == 1
    assert [each["id"] for each in still.faults()] == [second]
    assert still.call("getSlot") > 0


@pytest.mark.parametrize(
    ("switch", "said"),
    [
        ({"kind": "typo"}, "unknown fault kind"),
        ({"kind": "drop", "shares": 1}, "unknown members"),
        ({}, "kind is missing"),
        ("drop", "an object with a kind"),
        ({"kind": "lost", "share": 2}, "share is from 0 to 1"),
        ({"kind": "lost", "share": "all"}, "share is a number"),
        ({"kind": "slow", "delay_ms": "100"}, "delay_ms is a whole number"),
        ({"kind": "late", "slots": "5"}, "slots is a whole number"),
        ({"kind": "late", "slots": True}, "slots is a whole number"),
        ({"kind": "stale", "slots": -1}, "slots is a whole number"),
        ({"kind": "drop", "count": 0}, "count is a whole number"),
        ({"kind": "http_5xx", "status": 200}, "status is a whole number"),
        ({"kind": "lost", "methods": ["sendTransacton"]}, "no such method: 'sendTransacton'"),
        ({"kind": "lost", "methods": []}, "methods is a list"),
        ({"kind": "lost", "methods": {"a": 1}}, "methods is a list"),
        ({"kind": "late", "methods": ["getSlot"]}, "late is a fault of sendTransaction alone"),
        ({"kind": "drop", "methods": "getSlot"}, "drop is a fault of sendTransaction alone"),
        ({"kind": "rpc_429", "when": "after"}, "rpc_429 executes nothing"),
        ({"kind": "behind", "when": "after"}, "behind executes nothing"),
    ],
)
def test_senseless_switches_are_refused(still: Localnet, switch: object, said: str) -> None:
    with pytest.raises(FaultError, match=said):
        Faults([switch], known=METHODS)  # type: ignore[list-item]
    if isinstance(switch, dict):
        with pytest.raises(LocalnetError, match=said):
            still.call("x_setFault", switch)
    assert still.faults() == []


@pytest.mark.parametrize(
    "given", ['{"kind": "drop"}', "{}", '["drop"]', '[{"kind": "slow", "delay_ms": "1"}]']
)
def test_senseless_faults_on_the_command_line_are_one_sentence(given: str) -> None:
    command = [sys.executable, "-m", "sandbox.localnet", "--port", "0", "--faults", given]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("localnet: ") and done.stderr.count("\n") == 1


def test_a_purged_node_stands_beside_a_full_one(still: Localnet, payer: Payer) -> None:
    old = still.send(payer.transfer(1, text="old"))
    still.advance(60)
    new = still.send(payer.transfer(2, text="new"))
    still.advance(40)
    still.fault("purged", slots=50, view="lag")
    forgetful, options = still.at(1), {"commitment": "confirmed", "maxSupportedTransactionVersion": 0}
    assert [bool(each) for each in still.statuses([old, new])] == [True, True]
    assert [bool(each) for each in forgetful.statuses([old, new])] == [False, True]
    assert (
        still.call("getTransaction", old, options) and forgetful.call("getTransaction", old, options) is None
    )
    found = forgetful.call("getSignaturesForAddress", str(payer.key.pubkey()), options)
    assert [each["signature"] for each in found] == [new]
    assert forgetful.call("getFirstAvailableBlock") > still.call("getFirstAvailableBlock")
    still.clear_faults()
    assert [bool(each) for each in forgetful.statuses([old, new])] == [True, True], "nothing is lost for good"


def test_a_share_of_calls_meets_a_purged_node(still: Localnet, payer: Payer) -> None:
    signature = still.send(payer.transfer(1))
    still.advance(60)
    still.fault("purged", slots=0, share=0.5, seed=3, methods="getSignatureStatuses")
    seen = [landed(still, signature) for _ in range(40)]
    assert 5 < sum(seen) < 35


def test_slow_adds_to_another_fault() -> None:
    faults = Faults([{"kind": "drop"}, {"kind": "slow", "delay_ms": 5}, {"kind": "late"}])
    drawn: list[Fault] = faults.draw("sendTransaction", "main")
    assert [each.kind for each in drawn] == ["slow", "drop"]


def test_calls_and_arrivals_are_counted_whatever_becomes_of_them(still: Localnet, payer: Payer) -> None:
    before = still.calls().get("sendTransaction", 0)
    dropped, refused = payer.transfer(1), payer.transfer(2)
    still.fault("drop", count=1)
    still.send(dropped)
    still.send(dropped, skip_preflight=True)
    still.fault("http_429", methods="sendTransaction")
    with pytest.raises(requests.HTTPError):
        still.send(refused)
    assert still.calls()["sendTransaction"] == before + 3
    assert still.arrivals([signature_of(dropped), signature_of(refused)]) == [2, 0]
