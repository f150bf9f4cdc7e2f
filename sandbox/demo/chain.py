"""The demo's money on the localnet: the USDC-like token, full wallets, and what spoils the unlucky ones."""

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from spl.token.constants import TOKEN_PROGRAM_ID, WRAPPED_SOL_MINT
from spl.token.instructions import create_idempotent_associated_token_account, initialize_mint2
from spl.token.models import InitializeMint2Params

from sandbox.demo import wallets as keys
from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet

DECIMALS = 6
PERIODS_FUNDED = 100_000
SOL = 10**9


class Chain:
    """The demo's view of one localnet. `usdc` is the mint's address, base58."""

    def __init__(self, net: Localnet) -> None:
        self.net = net
        self.authority = keys.from_env("DEMO_MINT_AUTHORITY")
        self.mint = keys.from_env("DEMO_MINT")
        self.usdc = str(self.mint.pubkey())

    def open(self) -> None:
        """Our own wallets with SOL, and the token. Does nothing where it is done."""
        self._fill(self.authority.pubkey(), 1_000 * SOL)
        self._fill(keys.from_env("SOLANA_FEE_PAYER_KEY").pubkey(), 1_000 * SOL)
        if keys.exists(self.net, self.mint.pubkey()):
            return
        owner = self.authority.pubkey()
        rent = self.net.call("getMinimumBalanceForRentExemption", wallets.MINT_BYTES)
        make = create_account(
            CreateAccountParams(
                from_pubkey=owner, to_pubkey=self.mint.pubkey(), lamports=rent, space=wallets.MINT_BYTES,
                owner=TOKEN_PROGRAM_ID,
            )
        )  # fmt: skip
        start = initialize_mint2(
            InitializeMint2Params(
                decimals=DECIMALS, program_id=TOKEN_PROGRAM_ID, mint=self.mint.pubkey(), mint_authority=owner,
                freeze_authority=owner,
            )
        )  # fmt: skip
        wallets.send(self.net, [make, start], [self.authority, self.mint])

    def account(self, wallet: Keypair, currency: str) -> Pubkey:
        """The wallet's token account for a currency."""
        return keys.account_of(wallet.pubkey(), str(WRAPPED_SOL_MINT) if currency == "SOL" else self.usdc)

    def fund(self, wallet: Keypair, currency: str, price_minor: int) -> None:
        """Enough for PERIODS_FUNDED periods, once."""
        self._fill(wallet.pubkey(), SOL)
        want = price_minor * PERIODS_FUNDED
        account = self.account(wallet, currency)
        if keys.balance(self.net, account) >= want // 2:
            return
        if currency == "SOL":
            self._fill(wallet.pubkey(), want + SOL)
            wallets.wrap_sol(self.net, wallet, want)
        else:
            self.give(wallet, want)

    def give(self, wallet: Keypair, amount: int) -> None:
        """Mint `amount` minor units of the token to the wallet, whose account is made if missing."""
        account = self.account(wallet, "USDC")
        if not keys.exists(self.net, account):
            make = create_idempotent_associated_token_account(
                self.authority.pubkey(), wallet.pubkey(), self.mint.pubkey()
            )
            wallets.send(self.net, [make], [self.authority])
        wallets.mint_to(self.net, self.authority, self.mint.pubkey(), account, amount)

    def spoil(self, fate: str, wallet: Keypair, price_minor: int, delegate: str) -> None:
        """What happens to an unlucky wallet after it signed and was activated. Twice is as good as once."""
        account = self.account(wallet, "USDC")
        if fate == "allowance":
            to = Pubkey.from_string(delegate)
            wallets.approve(self.net, wallet, account, self.mint.pubkey(), to, price_minor // 2, DECIMALS)
        elif fate == "revoke":
            wallets.revoke(self.net, wallet, account)
        elif fate == "freeze" and not keys.frozen(self.net, account):
            wallets.freeze(self.net, self.authority, account, self.mint.pubkey())
        elif fate in ("empty", "late"):
            self._empty(wallet, account)

    def _empty(self, wallet: Keypair, account: Pubkey) -> None:
        left = keys.balance(self.net, account)
        if left:
            home = keys.account_of(self.authority.pubkey(), self.usdc)
            make = create_idempotent_associated_token_account(
                wallet.pubkey(), self.authority.pubkey(), self.mint.pubkey()
            )
            move = wallets.pull(account, self.mint.pubkey(), home, wallet.pubkey(), left, DECIMALS)
            wallets.send(self.net, [make, move], [wallet])

    def _fill(self, address: Pubkey, lamports: int) -> None:
        if self.net.call("getBalance", str(address), {"commitment": "processed"})["value"] < lamports // 2:
            self.net.wait(self.net.airdrop(address, lamports), "processed")
