"""How long a blockhash lives, and durable nonces in its place."""

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import AdvanceNonceAccountParams, advance_nonce_account, create_nonce_account
from solders.transaction import VersionedTransaction

from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet, LocalnetError
from tests.localnet.conftest import Payer

PROCESSED = {"commitment": "processed"}


def test_a_blockhash_lives_for_150_blocks_and_not_one_more(still: Localnet, payer: Payer) -> None:
    latest = still.call("getLatestBlockhash", PROCESSED)["value"]
    early, last, late = (payer.transfer(n, latest["blockhash"]) for n in range(3))
    assert still.statuses([still.send(early)])[0]
    still.advance(150)
    assert still.call("getBlockHeight", PROCESSED) == latest["lastValidBlockHeight"]
    assert still.call("isBlockhashValid", latest["blockhash"], PROCESSED)["value"] is True
    assert still.statuses([still.send(last)])[0]
    still.advance(1)
    assert still.call("isBlockhashValid", latest["blockhash"], PROCESSED)["value"] is False
    assert still.statuses([still.send(late, skip_preflight=True)]) == [None]
    with pytest.raises(LocalnetError) as refused:
        still.send(late)
    assert refused.value.data["err"] == "BlockhashNotFound"


def test_heights_are_not_slots_and_follow_commitment(still: Localnet) -> None:
    heights = [still.call("getBlockHeight", {"commitment": c}) for c in ("processed", "confirmed", None)]
    slots = [still.call("getSlot", {"commitment": c}) for c in ("processed", "confirmed", "finalized")]
    assert [heights[0] - h for h in heights] == [0, 1, 32]
    assert [slots[0] - s for s in slots] == [0, 1, 32]
    assert heights[0] != slots[0]


def test_a_fresh_blockhash_is_unknown_to_an_older_bank(still: Localnet, payer: Payer) -> None:
    raw = payer.transfer(1)
    with pytest.raises(LocalnetError) as refused:
        still.send(raw, commitment="finalized")
    assert refused.value.data["err"] == "BlockhashNotFound"
    assert still.statuses([still.send(raw, commitment="processed")])[0]


class Nonce:
    """A durable nonce account with its authority."""

    def __init__(self, net: Localnet, payer: Payer) -> None:
        self.net, self.payer, self.key = net, payer, Keypair()
        rent = net.call("getMinimumBalanceForRentExemption", 80)
        authority = payer.key.pubkey()
        make = create_nonce_account(authority, self.key.pubkey(), authority, rent)
        wallets.send(net, list(make), [payer.key, self.key])
        net.advance(1)

    def value(self) -> str:
        part = {"encoding": "base58", "dataSlice": {"offset": 40, "length": 32}}
        account = self.net.call("getAccountInfo", str(self.key.pubkey()), part)["value"]
        return str(account["data"][0])

    def transfer(self, lamports: int) -> bytes:
        authority = self.payer.key.pubkey()
        advance = advance_nonce_account(
            AdvanceNonceAccountParams(nonce_pubkey=self.key.pubkey(), authorized_pubkey=authority)
        )
        pay = wallets.pay(authority, Pubkey.new_unique(), lamports)
        message = MessageV0.try_compile(authority, [advance, pay], [], Hash.from_string(self.value()))
        return bytes(VersionedTransaction(message, [self.payer.key]))


def test_a_durable_nonce_outlives_blockhashes_and_is_spent_once(still: Localnet, payer: Payer) -> None:
    nonce = Nonce(still, payer)
    first, second = nonce.transfer(10**6), nonce.transfer(2 * 10**6)
    still.advance(400)
    assert still.statuses([still.send(first)])[0]["err"] is None  # type: ignore[index]
    still.advance(1)
    assert still.statuses([still.send(second, skip_preflight=True)]) == [None]


def test_a_failed_transaction_still_advances_its_nonce(still: Localnet, payer: Payer) -> None:
    nonce = Nonce(still, payer)
    before, doomed, twin = nonce.value(), nonce.transfer(10**18), nonce.transfer(10**6)
    [status] = still.statuses([still.send(doomed, skip_preflight=True)])
    assert status
    assert status["err"] == {"InstructionError": [1, {"Custom": 1}]}
    assert nonce.value() != before
    assert still.statuses([still.send(twin, skip_preflight=True)]) == [None]
