"""Nodes that lag, requests that ask for a minimum slot, and purged history."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from solders.pubkey import Pubkey

from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet, LocalnetError
from tests.localnet.conftest import Payer

PROCESSED = {"commitment": "processed"}
CONFIRMED = {"commitment": "confirmed", "maxSupportedTransactionVersion": 0}


@pytest.fixture
def lagging(still: Localnet) -> Localnet:
    """The node on the second port, 40 slots behind."""
    assert still.lag_url
    return Localnet(still.lag_url)


@pytest.fixture
def own(folder: Path) -> Iterator[Localnet]:
    with Localnet.start(folder, slot_ms=0) as net:
        yield net


def test_two_nodes_disagree_until_the_lag_has_passed(
    still: Localnet, lagging: Localnet, payer: Payer
) -> None:
    still.advance(40)
    address = str(payer.key.pubkey())
    signature = still.send(payer.transfer(1, text="seen late"))
    assert still.statuses([signature])[0]
    assert lagging.statuses([signature]) == [None]
    for method in ("getSlot", "getBlockHeight"):
        assert still.call(method, PROCESSED) - lagging.call(method, PROCESSED) == 40
    still.advance(39)
    assert still.call("getTransaction", signature, CONFIRMED)
    assert lagging.call("getTransaction", signature, CONFIRMED) is None
    assert signature not in str(lagging.call("getSignaturesForAddress", address, CONFIRMED))
    still.advance(2)
    assert lagging.call("getTransaction", signature, CONFIRMED)
    assert signature in str(lagging.call("getSignaturesForAddress", address, CONFIRMED))


def test_a_lagging_status_says_so_by_its_context_slot(still: Localnet, lagging: Localnet) -> None:
    some = str(wallets.Keypair().sign_message(b"x"))
    at = [n.call("getSignatureStatuses", [some])["context"]["slot"] for n in (still, lagging)]
    assert at[0] - at[1] == 40


def test_a_lagging_node_does_not_know_a_new_blockhash(
    still: Localnet, lagging: Localnet, payer: Payer
) -> None:
    latest = still.call("getLatestBlockhash", PROCESSED)["value"]["blockhash"]
    assert lagging.call("isBlockhashValid", latest, PROCESSED)["value"] is False
    assert lagging.call("getLatestBlockhash", PROCESSED)["value"]["blockhash"] != latest
    raw = payer.transfer(1, latest)
    with pytest.raises(LocalnetError) as refused:
        lagging.send(raw)
    assert refused.value.data["err"] == "BlockhashNotFound"
    assert still.statuses([lagging.send(raw, skip_preflight=True)])[0]


def test_a_node_far_behind_is_unhealthy(still: Localnet) -> None:
    assert still.at(40).call("getHealth") == "ok"
    with pytest.raises(LocalnetError) as refused:
        still.at(200).call("getHealth")
    assert (refused.value.code, refused.value.data) == (-32005, {"numSlotsBehind": 200})


def test_min_context_slot_is_honoured(still: Localnet, lagging: Localnet) -> None:
    wanted = still.call("getSlot", PROCESSED)
    options = {"commitment": "processed", "minContextSlot": wanted}
    assert still.call("getLatestBlockhash", options)["context"]["slot"] == wanted
    with pytest.raises(LocalnetError) as refused:
        lagging.call("getLatestBlockhash", options)
    assert (refused.value.code, refused.value.data) == (-32016, {"contextSlot": wanted - 40})


def test_a_purge_takes_history_but_neither_signatures_nor_truth(own: Localnet) -> None:
    payer = Payer(own, wallets.create_wallet(own))
    old = payer.transfer(1, text="old")
    gone = own.send(old)
    own.advance(50)
    kept = own.send(payer.transfer(2, text="kept"))
    own.advance(40)
    assert own.call("getTransaction", gone, CONFIRMED)
    first = own.purge(keepSlots=45)
    assert own.call("getFirstAvailableBlock") == own.call("minimumLedgerSlot") == first
    assert [bool(each) for each in own.statuses([gone, kept])] == [False, True]
    assert own.call("getTransaction", gone, CONFIRMED) is None
    found = own.call("getSignaturesForAddress", str(payer.key.pubkey()))
    assert [each["signature"] for each in found] == [kept]
    with pytest.raises(LocalnetError) as refused:
        own.send(old)
    assert refused.value.data["err"] == "AlreadyProcessed"
    assert [len(own.truth(memo=text)) for text in ("old", "kept")] == [1, 1]


def test_a_slot_has_the_time_at_which_it_began(still: Localnet) -> None:
    still.advance(2)
    slot = still.call("getSlot", {"commitment": "confirmed"})
    assert abs(still.call("getBlockTime", slot) - time.time()) < 600
    for unknown in (slot + 100, 1):
        with pytest.raises(LocalnetError) as refused:
            still.call("getBlockTime", unknown)
        assert refused.value.code == -32009


def test_a_token_has_a_supply(still: Localnet) -> None:
    authority = wallets.create_wallet(still, 10)
    mint = wallets.create_mint(still, authority, 6)
    account = wallets.create_token_account(still, authority, authority.pubkey(), mint)
    wallets.mint_to(still, authority, mint, account, 1_500_000)
    value = still.call("getTokenSupply", str(mint), PROCESSED)["value"]
    assert (value["amount"], value["decimals"], value["uiAmountString"]) == ("1500000", 6, "1.5")
    with pytest.raises(LocalnetError, match="not a Token mint"):
        still.call("getTokenSupply", str(account))


def test_pause_and_resume_belong_to_a_ticking_chain() -> None:
    with Localnet.start(slot_ms=5) as net:
        net.pause()
        slot = net.status()["slot"]
        assert net.advance(3) == slot + 3
        assert net.status()["slot"] == slot + 3
        net.resume()
        until = time.monotonic() + 20
        while net.status()["slot"] <= slot + 4 and time.monotonic() < until:
            time.sleep(0.01)
        assert net.status()["slot"] > slot + 4


def test_unknown_views_are_404(still: Localnet) -> None:
    with pytest.raises(requests.HTTPError):
        still.at(100_000).call("getSlot")


def test_everything_that_executed_is_read_page_by_page(
    own: Localnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that is longer than a page is read to its end."""
    for _ in range(5):
        own.airdrop(Pubkey.new_unique(), 1_000_000_000)
    whole = [entry["seq"] for entry in own.truth()]
    one_page = own.truth
    monkeypatch.setattr(own, "truth", lambda since=0: one_page(since, limit=2))
    assert [entry["seq"] for entry in own.executed()] == whole
    assert len(whole) >= 5
