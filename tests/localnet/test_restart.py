"""What a killed localnet still knows when it comes back."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet, LocalnetError
from sandbox.localnet.state import State, StateError
from tests.localnet.conftest import Payer

PROCESSED = {"commitment": "processed"}
V0 = {"commitment": "confirmed", "maxSupportedTransactionVersion": 0}


def look(net: Localnet, address: str, signature: str, blockhash: str) -> dict[str, Any]:
    """What a client can see of a chain that stands still."""
    return {
        "status": net.status(),
        "balance": net.call("getBalance", address),
        "statuses": net.statuses([signature]),
        "transaction": net.call("getTransaction", signature, V0),
        "history": net.call("getSignaturesForAddress", address, V0),
        "latest": net.call("getLatestBlockhash", PROCESSED),
        "alive": net.call("isBlockhashValid", blockhash, PROCESSED),
        "genesis": net.call("getGenesisHash"),
        "truth": net.truth(),
        "first": net.call("getFirstAvailableBlock"),
    }


def test_kill_9_keeps_everything(folder: Path) -> None:
    net = Localnet.start(folder, slot_ms=0)
    payer = Payer(net, wallets.create_wallet(net))
    mint = wallets.create_mint(net, payer.key)
    account = wallets.create_token_account(net, payer.key, payer.key.pubkey(), mint)
    wallets.mint_to(net, payer.key, mint, account, 500)
    net.advance(7)
    blockhash = net.call("getLatestBlockhash", PROCESSED)["value"]["blockhash"]
    raw, unsent, failing = (
        payer.transfer(1, blockhash, "once"),
        payer.transfer(2, blockhash),
        payer.overdraw(),
    )
    signature = net.send(raw)
    net.send(failing, skip_preflight=True)
    net.set_account(mint, **_copy(net, str(mint)))
    net.advance(100)
    net.purge(keepSlots=101)
    seen = look(net, str(payer.key.pubkey()), signature, blockhash)
    net.kill()
    assert seen["status"]["executed"] == 6
    with Localnet.start(folder, slot_ms=0) as again:
        assert look(again, str(payer.key.pubkey()), signature, blockhash) == seen
        assert wallets.token_balance(again, account) == 500
        for burnt in (raw, failing):
            with pytest.raises(LocalnetError) as refused:
                again.send(burnt)
            assert refused.value.data["err"] == "AlreadyProcessed"
        assert again.statuses([again.send(unsent)])[0]
        assert [each["seq"] for each in again.truth()] == list(range(1, 8))


def _copy(net: Localnet, address: str) -> dict[str, Any]:
    found = net.call("getAccountInfo", address)["value"]
    return {
        "lamports": found["lamports"],
        "data": base64.b64decode(found["data"][0]),
        "owner": found["owner"],
    }


def test_a_held_transaction_still_lands_after_a_kill(folder: Path) -> None:
    net = Localnet.start(folder, slot_ms=0)
    payer = Payer(net, wallets.create_wallet(net))
    net.fault("late", slots=20)
    signature = net.send(payer.transfer(1))
    net.advance(5)
    net.kill()
    with Localnet.start(folder, slot_ms=0) as again:
        assert again.status()["held"] == 1
        again.advance(14)
        assert again.statuses([signature]) == [None]
        again.advance(1)
        assert again.statuses([signature])[0]
        assert len(again.truth(signature=signature)) == 1


def test_a_half_written_line_is_cut_and_the_truth_file_mended(folder: Path) -> None:
    net = Localnet.start(folder, slot_ms=0)
    wallet = wallets.create_wallet(net)
    net.kill()
    with (folder / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"k":"tx","s":43')
    (folder / "truth.jsonl").write_bytes(b'{"seq":1,"slot"')
    with Localnet.start(folder, slot_ms=0) as again:
        assert again.call("getBalance", str(wallet.pubkey()))["value"] == 10 * 10**9
        again.airdrop(wallet.pubkey(), 1)
        assert [each["seq"] for each in again.truth()] == [1, 2]
    lines = (folder / "truth.jsonl").read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2]
    with Localnet.start(folder, slot_ms=0) as third:
        assert third.status()["executed"] == 2


def test_a_journal_that_replays_differently_is_refused(folder: Path) -> None:
    with Localnet.start(folder, slot_ms=0) as net:
        wallets.create_wallet(net)
    journal = folder / "journal.jsonl"
    journal.write_text(journal.read_text().replace('"e":null', '"e":"AccountInUse"'))
    with pytest.raises(RuntimeError, match="did not start"):
        Localnet.start(folder, slot_ms=0)


def test_one_folder_has_one_owner(folder: Path) -> None:
    state = State(folder)
    with pytest.raises(StateError, match="held by another"):
        State(folder)
    state.close()
    State(folder).close()


def test_two_chains_are_two_chains(tmp_path: Path) -> None:
    first, second = State(tmp_path / "a"), State(tmp_path / "b")
    assert first.genesis.hash != second.genesis.hash
    assert first.genesis.blockhash(5) != second.genesis.blockhash(5) != second.genesis.blockhash(6)
    first.close()
    second.close()
