"""Public keys and the accounts that follow from them. Pure."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID, WRAPPED_SOL_MINT
from spl.token.instructions import get_associated_token_address

from engine.core.errors import Refusal

SYSTEM_PROGRAM_ID = Pubkey.from_string("11111111111111111111111111111111")
WRAPPED_SOL = str(WRAPPED_SOL_MINT)


def public_key(text: object, param: str) -> Pubkey:
    """`text` as a public key. Raises Refusal naming `param` if it is not 32 bytes of base58."""
    if isinstance(text, str):
        try:
            return Pubkey.from_string(text)
        except ValueError:
            pass
    raise Refusal("public_key_malformed", f"{param} is not a base58 public key", param=param)


@lru_cache(65_536)
def token_account(owner: str, mint: str) -> str:
    """The associated token account of a wallet for a mint (base58). Raises Refusal for malformed keys."""
    wallet, token = public_key(owner, "owner"), public_key(mint, "mint")
    return str(get_associated_token_address(wallet, token, TOKEN_PROGRAM_ID))


def mint_decimals(mint: str) -> int:
    """Decimals of an allowed mint. Raises Refusal for one that is not in SOLANA_MINTS."""
    for allowed, decimals in settings.ENV.solana_mints.values():
        if allowed == mint:
            return int(decimals)
    raise Refusal("mint_not_allowed", "this token is not on the allow-list (SOLANA_MINTS)", param="mint")


def mint_code(mint: str) -> str:
    """The currency code of an allowed mint, or the mint itself."""
    return next((code for code, (each, _) in settings.ENV.solana_mints.items() if each == mint), mint)


def mint_of(currency: str) -> str:
    """The mint of a currency code. Raises Refusal for one that is not in SOLANA_MINTS."""
    try:
        return str(settings.ENV.solana_mints[currency][0])
    except KeyError:
        pass
    raise Refusal("mint_not_allowed", f"{currency} has no token here (SOLANA_MINTS)", param="currency")
