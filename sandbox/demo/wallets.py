"""The demo's keys on disk and its tokens on the localnet."""

import base64
import os
from pathlib import Path

from solders.keypair import Keypair
from solders.message import to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from spl.token.instructions import get_associated_token_address

from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet, LocalnetError
from sandbox.run import envfile

STATE_BYTE, FROZEN = 108, 2  # of a token account's data


def keypair(folder: Path, name: str) -> Keypair:
    """The wallet of that name, made the first time and kept in `folder`, readable by its owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / name.replace(" ", "-").lower()
    kept = envfile.read(file).get("KEY")
    if kept:
        return Keypair.from_base58_string(kept)
    made = Keypair()
    envfile.write(file, {"KEY": str(made)})
    return made


def from_env(name: str) -> Keypair:
    """A demo key from the environment. Raises KeyError if the run did not make it."""
    return Keypair.from_base58_string(os.environ[name])


def account_of(owner: Pubkey, mint: str) -> Pubkey:
    """The associated token account of a wallet."""
    return get_associated_token_address(owner, Pubkey.from_string(mint))


def balance(net: Localnet, account: Pubkey) -> int:
    """Tokens in the account, minor units; 0 where there is none."""
    try:
        return wallets.token_balance(net, account)
    except LocalnetError:
        return 0


def exists(net: Localnet, address: Pubkey) -> bool:
    """True if there is an account at that address."""
    options = {"encoding": "base64", "commitment": "processed"}
    return net.call("getAccountInfo", str(address), options)["value"] is not None


def frozen(net: Localnet, account: Pubkey) -> bool:
    """True for a token account that its token's issuer has frozen."""
    options = {"encoding": "base64", "commitment": "processed"}
    data = net.call("getAccountInfo", str(account), options)["value"]["data"][0]
    return base64.b64decode(data)[STATE_BYTE] == FROZEN


def sign(unsigned: str, signer: Keypair) -> bytes:
    """What a wallet does with an approval: sign the transaction (base64) that the product built."""
    message = VersionedTransaction.from_bytes(base64.b64decode(unsigned)).message
    signature = signer.sign_message(to_bytes_versioned(message))
    return bytes(VersionedTransaction.populate(message, [signature]))
