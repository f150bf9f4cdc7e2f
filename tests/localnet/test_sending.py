"""What lands, what does not, and how it looks from outside."""

import base64

import pytest
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet, LocalnetError
from tests.localnet.conftest import Payer

OTHERS = 3000
BATCH = 1000
CONFIRMED = {"commitment": "confirmed"}


def test_status_goes_from_processed_to_confirmed_to_finalized(still: Localnet, payer: Payer) -> None:
    signature = still.send(payer.transfer(1))
    seen = []
    for slots in (0, 1, 30, 1):
        still.advance(slots)
        [status] = still.statuses([signature])
        assert status
        seen.append((status["confirmationStatus"], status["confirmations"]))
    assert seen == [("processed", 0), ("confirmed", 1), ("confirmed", 31), ("finalized", None)]


def test_history_shows_a_transaction_only_at_the_commitment_asked(still: Localnet, payer: Payer) -> None:
    signature, address = still.send(payer.transfer(1)), str(payer.key.pubkey())
    v0 = {"maxSupportedTransactionVersion": 0}
    assert still.call("getTransaction", signature, CONFIRMED | v0) is None
    still.advance(1)
    assert still.call("getTransaction", signature, CONFIRMED | v0)["meta"]["fee"] == 5000
    assert still.call("getTransaction", signature, v0) is None
    assert still.call("getSignaturesForAddress", address) == []
    assert len(still.call("getSignaturesForAddress", address, CONFIRMED)) == 2
    with pytest.raises(LocalnetError, match="below `confirmed`"):
        still.call("getTransaction", signature, {"commitment": "processed"})
    with pytest.raises(LocalnetError) as refused:
        still.call("getTransaction", signature, CONFIRMED)
    assert refused.value.code == -32015


def test_old_statuses_need_a_history_search(still: Localnet, payer: Payer) -> None:
    signature = still.send(payer.transfer(1))
    assert still.statuses([signature], search=False)[0]
    still.advance(400)
    assert still.statuses([signature], search=False) == [None]
    assert still.statuses([signature], search=True)[0]


def test_history_pages_with_before_until_and_limit(still: Localnet, payer: Payer) -> None:
    sent = [still.send(payer.transfer(n, text=f"page {n}")) for n in range(4)]
    still.advance(1)
    address = str(payer.key.pubkey())

    def page(**options: object) -> list[str]:
        found = still.call("getSignaturesForAddress", address, CONFIRMED | options)
        return [each["memo"] for each in found if each["signature"] in sent]

    assert page(limit=2) == ["[6] page 3", "[6] page 2"]
    assert page(before=sent[2]) == ["[6] page 1", "[6] page 0"]
    assert page(before=sent[3], until=sent[0], limit=None) == ["[6] page 2", "[6] page 1"]
    with pytest.raises(LocalnetError):
        page(limit=1001)


def test_a_duplicate_is_refused_also_after_thousands_of_others(still: Localnet, payer: Payer) -> None:
    latest = still.call("getLatestBlockhash", {"commitment": "processed"})["value"]["blockhash"]
    first = payer.transfer(0, latest, text="only once")
    signature = still.send(first)
    raws = [base64.b64encode(payer.transfer(n + 1, latest)).decode() for n in range(OTHERS)]
    options = {"encoding": "base64", "skipPreflight": True}
    for start in range(0, OTHERS, BATCH):
        calls = [
            {"jsonrpc": "2.0", "id": 0, "method": "sendTransaction", "params": [raw, options]}
            for raw in raws[start : start + BATCH]
        ]
        assert still.post(calls).status_code == 200
    executed, balance = still.status()["executed"], payer.balance()
    assert executed > OTHERS
    assert still.send(first, skip_preflight=True) == signature
    with pytest.raises(LocalnetError) as refused:
        still.send(first)
    assert (refused.value.code, refused.value.data["err"]) == (-32002, "AlreadyProcessed")
    assert (still.status()["executed"], payer.balance()) == (executed, balance)
    assert len(still.truth(memo="only once")) == 1


def test_a_bad_signature_is_refused_and_never_lands(still: Localnet, payer: Payer) -> None:
    honest = VersionedTransaction.from_bytes(payer.transfer(1))
    forged_by = Keypair().sign_message(b"something else")
    forged = bytes(VersionedTransaction.populate(honest.message, [forged_by]))
    before = payer.balance()
    with pytest.raises(LocalnetError) as refused:
        still.send(forged)
    assert refused.value.code == -32003
    assert still.statuses([still.send(forged, skip_preflight=True)]) == [None]
    assert payer.balance() == before
    simulated = still.call(
        "simulateTransaction",
        base64.b64encode(forged).decode(),
        {"encoding": "base64", "sigVerify": True, "commitment": "processed"},
    )
    assert simulated["value"]["err"] == "SignatureFailure"


def test_preflight_failure_has_the_shape_clients_parse(still: Localnet, payer: Payer) -> None:
    before = payer.balance()
    with pytest.raises(LocalnetError) as refused:
        still.send(payer.overdraw())
    assert refused.value.code == -32002
    assert refused.value.message.endswith("Error processing Instruction 0: custom program error: 0x1")
    data = refused.value.data
    assert data["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert any("insufficient lamports" in line for line in data["logs"])
    assert {"accounts", "unitsConsumed", "returnData"} <= data.keys()
    assert payer.balance() == before


def test_a_failed_transaction_pays_its_fee_and_burns_its_signature(still: Localnet, payer: Payer) -> None:
    before, raw = payer.balance(), payer.overdraw()
    signature = still.send(raw, skip_preflight=True)
    assert payer.balance() == before - 5000
    still.advance(32)
    [status] = still.statuses([signature])
    assert status
    assert status["err"] == {"InstructionError": [0, {"Custom": 1}]} == status["status"]["Err"]
    newest = still.call("getSignaturesForAddress", str(payer.key.pubkey()))[0]
    assert (newest["signature"], newest["err"]) == (signature, status["err"])
    with pytest.raises(LocalnetError) as refused:
        still.send(raw)
    assert refused.value.data["err"] == "AlreadyProcessed"
    [entry] = still.truth(signature=signature)
    assert (entry["err"], entry["transfers"], entry["fee"]) == (status["err"], [], 5000)


def test_a_payer_without_account_never_lands(still: Localnet) -> None:
    nobody = Payer(still, Keypair())
    raw, executed = nobody.transfer(1), still.status()["executed"]
    signature = still.send(raw, skip_preflight=True)
    assert still.statuses([signature]) == [None]
    assert still.status()["executed"] == executed
    with pytest.raises(LocalnetError) as refused:
        still.send(raw)
    assert refused.value.data["err"] == "AccountNotFound"


def test_priority_fee_is_charged(still: Localnet, payer: Payer) -> None:

    before = payer.balance()
    budget = [set_compute_unit_limit(20_000), set_compute_unit_price(1_000_000)]
    move = wallets.pay(payer.key.pubkey(), Pubkey.new_unique(), 10**6)
    still.send(bytes(wallets.build(still, [*budget, move], [payer.key])))
    assert before - payer.balance() == 10**6 + 5000 + 20_000


def test_equal_airdrops_in_one_slot_both_arrive(still: Localnet) -> None:
    address = Pubkey.new_unique()
    signatures = {still.airdrop(address, 10**9), still.airdrop(address, 10**9)}
    assert len(signatures) == 2
    assert still.call("getBalance", str(address))["value"] == 2 * 10**9
    assert all(still.statuses(sorted(signatures)))


def test_unknown_signatures_are_null(still: Localnet) -> None:
    assert still.statuses([str(Signature.default())]) == [None]
