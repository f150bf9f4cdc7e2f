"""The unmodified AsyncClient against a ticking localnet, and the truth log beside it."""

import asyncio
from collections.abc import Iterator

import pytest
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed, Finalized
from solana.rpc.models import MemcmpOpts, TokenAccountOpts, TxOpts
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from spl.token.constants import TOKEN_PROGRAM_ID

from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet

PULLED = 2_500_000


@pytest.fixture(scope="module")
def ticking() -> Iterator[Localnet]:
    with Localnet.start(slot_ms=20) as net:
        yield net


class Pull:
    """A subscriber, a merchant, and one delegated pull sent through AsyncClient."""

    def __init__(self, net: Localnet) -> None:
        self.subscriber, self.delegate = wallets.create_wallet(net), wallets.create_wallet(net)
        self.mint = wallets.create_mint(net, self.subscriber, 6)
        owner, merchant = self.subscriber.pubkey(), Keypair().pubkey()
        self.source = wallets.create_token_account(net, self.subscriber, owner, self.mint)
        self.destination = wallets.create_token_account(net, self.subscriber, merchant, self.mint)
        wallets.mint_to(net, self.subscriber, self.mint, self.source, 10_000_000)
        wallets.approve(net, self.subscriber, self.source, self.mint, self.delegate.pubkey(), 5_000_000, 6)

    def transaction(self, net: Localnet, text: str) -> bytes:
        key = self.delegate.pubkey()
        move = wallets.pull(self.source, self.mint, self.destination, key, PULLED, 6)
        return bytes(wallets.build(net, [move, wallets.memo(key, text)], [self.delegate]))


async def send_and_confirm(net: Localnet, raw: bytes) -> tuple[Signature, AsyncClient]:
    client = AsyncClient(net.url)
    opts = TxOpts(skip_confirmation=True, preflight_commitment="processed")
    signature = (await client.send_raw_transaction(raw, opts=opts)).value
    await client.confirm_transaction(signature, Confirmed, sleep_seconds=0.01)
    return signature, client


def test_delegate_pull_is_seen_by_the_client_as_on_a_cluster(ticking: Localnet) -> None:
    pull = Pull(ticking)

    async def journey() -> None:
        signature, client = await send_and_confirm(ticking, pull.transaction(ticking, "invoice-1"))
        balance = await client.get_token_account_balance(pull.destination, Confirmed)
        assert balance.value.amount == str(PULLED)
        history = (await client.get_signatures_for_address(pull.source, commitment=Confirmed)).value
        assert (history[0].signature, history[0].memo, history[0].err) == (signature, "[9] invoice-1", None)
        shown = await client.get_transaction(
            signature, commitment=Confirmed, max_supported_transaction_version=0
        )
        meta = shown.value.transaction.meta
        before = {b.account_index: int(b.ui_token_amount.amount) for b in meta.pre_token_balances}
        after = {b.account_index: int(b.ui_token_amount.amount) for b in meta.post_token_balances}
        assert sorted(after[i] - before[i] for i in after) == [-PULLED, PULLED]
        assert {b.mint for b in meta.post_token_balances} == {pull.mint}
        await client.close()

    asyncio.run(journey())


def test_truth_names_accounts_amount_authority_and_memo(ticking: Localnet) -> None:
    pull = Pull(ticking)
    signature = ticking.send(pull.transaction(ticking, "invoice-2"))
    [entry] = ticking.truth(memo="invoice-2")
    assert (entry["signature"], entry["err"], entry["fee"]) == (signature, None, 5000)
    assert entry["transfers"] == [
        {
            "source": str(pull.source),
            "destination": str(pull.destination),
            "mint": str(pull.mint),
            "amount": PULLED,
            "authority": str(pull.delegate.pubkey()),
        }
    ]
    assert {c["account"]: c["change"] for c in entry["token_changes"]} == {
        str(pull.source): -PULLED,
        str(pull.destination): PULLED,
    }
    assert entry["lamport_changes"] == [{"account": str(pull.delegate.pubkey()), "change": -5000}]


def test_slots_tick_until_finalized(ticking: Localnet) -> None:
    wallet = wallets.create_wallet(ticking)

    async def journey() -> None:
        async with AsyncClient(ticking.url) as client:
            signature = (await client.request_airdrop(wallet.pubkey(), 5)).value
            await client.confirm_transaction(signature, Finalized, sleep_seconds=0.02)
            status = (await client.get_signature_statuses([signature])).value[0]
            assert (status.confirmations, status.err) == (None, None)
            assert (await client.get_balance(wallet.pubkey())).value == 10 * 10**9 + 5

    asyncio.run(journey())


def test_wrapped_sol_revoke_and_freeze(ticking: Localnet) -> None:
    pull = Pull(ticking)
    wrapped = wallets.wrap_sol(ticking, pull.subscriber, 123_456)
    assert wallets.token_balance(ticking, wrapped) == 123_456
    key = pull.delegate.pubkey()
    move = wallets.pull(pull.source, pull.mint, pull.destination, key, 1, 6)
    wallets.freeze(ticking, pull.subscriber, pull.source, pull.mint)
    with pytest.raises(wallets.TransactionFailed) as frozen:
        wallets.send(ticking, [move], [pull.delegate])
    assert frozen.value.err == {"InstructionError": [0, {"Custom": 17}]}
    wallets.thaw(ticking, pull.subscriber, pull.source, pull.mint)
    wallets.revoke(ticking, pull.subscriber, pull.source)
    with pytest.raises(wallets.TransactionFailed) as revoked:
        wallets.send(ticking, [move], [pull.delegate])
    assert revoked.value.err == {"InstructionError": [0, {"Custom": 4}]}


def test_every_read_method_parses_in_the_client(ticking: Localnet) -> None:
    wallet = wallets.create_wallet(ticking)
    missing = Pubkey.new_unique()

    async def journey() -> None:
        async with AsyncClient(ticking.url) as client:
            latest = (await client.get_latest_blockhash()).value
            height = (await client.get_block_height()).value
            assert latest.last_valid_block_height - 150 <= height < latest.last_valid_block_height
            assert (await client.get_slot()).value > height
            assert (await client.get_account_info(missing)).value is None
            both = (await client.get_multiple_accounts([wallet.pubkey(), missing])).value
            assert both[0].lamports == 10 * 10**9
            assert both[1] is None
            assert (await client.get_minimum_balance_for_rent_exemption(165)).value == 2_039_280
            assert (await client.get_epoch_info()).value.slots_in_epoch == 432_000
            assert (await client.get_first_available_block()).value > 0
            assert (await client.get_version()).value.solana_core
            assert (await client.get_genesis_hash()).value
            assert await client.is_connected()
            raw = wallets.build(ticking, [wallets.pay(wallet.pubkey(), missing, 10**6)], [wallet])
            assert (await client.get_fee_for_message(raw.message, "processed")).value == 5000
            assert (await client.simulate_transaction(raw, commitment="processed")).value.err is None

    asyncio.run(journey())


def test_accounts_are_found_by_owner_and_by_program(ticking: Localnet) -> None:
    held = Pull(ticking)
    owner = held.subscriber.pubkey()

    async def journey() -> None:
        async with AsyncClient(ticking.url) as client:
            for which in (TokenAccountOpts(mint=held.mint), TokenAccountOpts(program_id=TOKEN_PROGRAM_ID)):
                found = (await client.get_token_accounts_by_owner(owner, which, commitment=Confirmed)).value
                assert [each.pubkey for each in found] == [held.source]
            of_mint: list[int | MemcmpOpts] = [165, MemcmpOpts(offset=0, bytes=str(held.mint))]
            every = (await client.get_program_accounts(TOKEN_PROGRAM_ID, Confirmed, filters=of_mint)).value
            assert {each.pubkey for each in every} == {held.source, held.destination}
            fees = (await client.get_recent_prioritization_fees([owner])).value
            assert fees and {each.prioritization_fee for each in fees} == {0}

    asyncio.run(journey())
