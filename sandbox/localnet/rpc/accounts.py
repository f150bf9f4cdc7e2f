"""Accounts and token balances. Always from the newest state: LiteSVM keeps no older one."""

import base64
from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey

from sandbox.localnet import base58, tokens
from sandbox.localnet.addresses import MINT_SIZE, TOKEN_PROGRAM, TOKEN_PROGRAMS
from sandbox.localnet.rpc import errors
from sandbox.localnet.rpc.params import Call, parse_pubkey, with_context

SUPPLY_OFFSET = 36  # in a mint's data
ACCOUNTS_MAX = 100  # what public nodes take in one getMultipleAccounts


def get_balance(call: Call) -> dict[str, Any]:
    """getBalance: lamports."""
    slot = call.view.bank(call.options(1))
    return with_context(slot, call.chain.vm.svm.get_balance(call.pubkey(0)) or 0)


def get_account_info(call: Call) -> dict[str, Any]:
    """getAccountInfo: one account or null."""
    options = call.options(1)
    account = call.chain.vm.svm.get_account(call.pubkey(0))
    return with_context(call.view.bank(options), account_json(account, options))


def get_multiple_accounts(call: Call) -> dict[str, Any]:
    """getMultipleAccounts: up to 100, null for the missing ones."""
    addresses, options = call.at(0, list), call.options(1)
    if len(addresses) > ACCOUNTS_MAX:
        raise errors.invalid_params(f"Too many inputs provided; max {ACCOUNTS_MAX}")
    svm = call.chain.vm.svm
    found = [account_json(svm.get_account(parse_pubkey(text)), options) for text in addresses]
    return with_context(call.view.bank(options), found)


def account_json(account: Account | None, options: dict[str, Any]) -> dict[str, Any] | None:
    """An account as the RPC prints it. jsonParsed gives base64, as nodes do for unknown programs."""
    if account is None or (account.lamports == 0 and not account.data):
        return None
    part = options.get("dataSlice")
    data = account.data[part["offset"] : part["offset"] + part["length"]] if part else account.data
    encoding = options.get("encoding", "base64")
    shown = (
        [base58.encode(data), "base58"]
        if encoding == "base58"
        else [base64.b64encode(data).decode(), "base64"]
    )
    return {
        "lamports": account.lamports,
        "data": shown,
        "owner": str(account.owner),
        "executable": account.executable,
        "rentEpoch": account.rent_epoch,
        "space": len(account.data),
    }


def get_token_account_balance(call: Call) -> dict[str, Any]:
    """getTokenAccountBalance: -32602 if there is no such token account."""
    slot = call.view.bank(call.options(1))
    account = call.chain.vm.svm.get_account(call.pubkey(0))
    if account is None:
        raise errors.invalid_params("Invalid param: could not find account")
    held = tokens.balance_of(0, account)
    if held is None:
        raise errors.invalid_params("Invalid param: not a Token account")
    return with_context(slot, tokens.ui_amount(held.amount, call.chain.vm.decimals(held.mint)))


def get_token_supply(call: Call) -> dict[str, Any]:
    """getTokenSupply: of a mint; -32602 if there is no such mint."""
    slot, mint = call.view.bank(call.options(1)), call.pubkey(0)
    account = call.chain.vm.svm.get_account(mint)
    is_mint = account and account.owner in TOKEN_PROGRAMS and tokens.balance_of(0, account) is None
    if account is None or not is_mint or len(account.data) < MINT_SIZE:
        raise errors.invalid_params("Invalid param: not a Token mint")
    supply = int.from_bytes(account.data[SUPPLY_OFFSET : SUPPLY_OFFSET + 8], "little")
    return with_context(slot, tokens.ui_amount(supply, call.chain.vm.decimals(mint)))


def get_token_accounts_by_owner(call: Call) -> dict[str, Any]:
    """getTokenAccountsByOwner: by mint or by token program."""
    owner, chosen, options = call.pubkey(0), call.options(1), call.options(2)
    mint = parse_pubkey(chosen["mint"]) if "mint" in chosen else None
    program = parse_pubkey(chosen["programId"]) if "programId" in chosen else None
    if (mint is None) == (program is None):
        raise errors.invalid_params("Invalid params: give either mint or programId")
    found = []
    for each in TOKEN_PROGRAMS if mint else {program or TOKEN_PROGRAM}:
        for address, account in call.chain.vm.svm.get_program_accounts(each):
            held = tokens.balance_of(0, account)
            if held and held.owner == owner and mint in (None, held.mint):
                found.append(_keyed(address, account, options))
    return with_context(call.view.bank(options), found)


def get_program_accounts(call: Call) -> Any:
    """getProgramAccounts: with dataSize and base58 memcmp filters."""
    options = call.options(1)
    slot = call.view.bank(options)
    found = [
        _keyed(address, account, options)
        for address, account in call.chain.vm.svm.get_program_accounts(call.pubkey(0))
        if all(_matches(account.data, each) for each in options.get("filters", ()))
    ]
    return with_context(slot, found) if options.get("withContext") else found


def get_minimum_balance(call: Call) -> int:
    """getMinimumBalanceForRentExemption: lamports for a data length in bytes."""
    return call.chain.vm.svm.minimum_balance_for_rent_exemption(call.at(0, int))


def _keyed(address: Pubkey, account: Account, options: dict[str, Any]) -> dict[str, Any]:
    return {"pubkey": str(address), "account": account_json(account, options)}


def _matches(data: bytes, wanted: dict[str, Any]) -> bool:
    if "dataSize" in wanted:
        return len(data) == int(wanted["dataSize"])
    compare = wanted.get("memcmp", {})
    bytes_wanted = base58.decode(compare.get("bytes", ""))
    return data[compare.get("offset", 0) :].startswith(bytes_wanted)


METHODS = {
    "getBalance": get_balance,
    "getAccountInfo": get_account_info,
    "getMultipleAccounts": get_multiple_accounts,
    "getTokenSupply": get_token_supply,
    "getTokenAccountBalance": get_token_account_balance,
    "getTokenAccountsByOwner": get_token_accounts_by_owner,
    "getProgramAccounts": get_program_accounts,
    "getMinimumBalanceForRentExemption": get_minimum_balance,
}
