"""Are these nodes of the network that we think, and how are they? For boot, doctor and health."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from engine.core.errors import Refusal
from engine.providers.solana import keys, rpc
from engine.providers.solana.endpoints import Endpoint
from engine.providers.solana.faults import OutcomeUnknown, RpcError, RpcFault

GENESIS = {
    "mainnet-beta": "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d",
    "devnet": "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG",
    "testnet": "4uhcVJyU9pJkvQyUS88uRDiswHscSkQcqjH4Vx1aN7mH",
}


@dataclass(frozen=True, slots=True)
class EndpointCheck:
    """One endpoint against SOLANA_NETWORK. `host` is without path and keys."""

    host: str
    ok: bool
    code: str  # "", "wrong_network" or "unreachable"
    message: str
    genesis: str = ""


@dataclass(frozen=True, slots=True)
class ClockAndHealth:
    """Where the chain stands. Slots and block heights; `block_time` is unix seconds, None if unknown."""

    healthy: bool
    message: str
    slot: int
    finalized_slot: int
    block_height: int
    block_time: int | None


def check_network() -> list[EndpointCheck]:
    """Every endpoint's genesis hash against SOLANA_NETWORK. Calls out; a dead endpoint is a finding.

    A wrong network is the worst mistake there is here: real keys on a test chain or the reverse.
    """
    client = rpc.client()
    return [_check(client, endpoint) for endpoint in client.endpoints.all]


def clock_and_health() -> ClockAndHealth:
    """Slots, height and health of the endpoint that answers. Calls out. Raises RpcFault."""
    client = rpc.client()
    finalized, processed = {"commitment": "finalized"}, {"commitment": "processed"}
    answers = client.read_many(
        [("getSlot", [processed]), ("getSlot", [finalized]), ("getBlockHeight", [finalized])]
    )
    for answer in answers:
        if type(answer) is not int:
            raise answer if isinstance(answer, RpcError) else OutcomeUnknown("a slot is no number")
    slot, final, height = answers
    healthy, message = _health(client)
    return ClockAndHealth(healthy, message, slot, final, height, _block_time(client, final))


def fee_payer_lacks() -> str:
    """One sentence if our fee payer holds too little for any pull (prepare.py), "" if not, or if it has no key.

    Calls out. Raises RpcFault.
    """
    if not settings.ENV.solana_fee_payer_key.get_secret_value():
        return ""
    try:
        address = str(keys.fee_payer().pubkey())
    except Refusal as refusal:
        return refusal.message
    found = rpc.client().read("getBalance", [address, {"commitment": settings.ENV.solana_commitment}])
    held = found.get("value") if isinstance(found, dict) else None
    if type(held) is not int:
        raise OutcomeUnknown("the fee payer's balance is no number")
    if held >= settings.ENV.solana_fee_payer_min:
        return ""
    return "our own wallet for network fees holds less than SOLANA_FEE_PAYER_MIN, so nothing is sent"


def _check(client: rpc.Client, endpoint: Endpoint) -> EndpointCheck:
    network = settings.ENV.solana_network
    try:
        genesis = str(client.read_at(endpoint, "getGenesisHash", []))
    except RpcFault as fault:
        return EndpointCheck(endpoint.host, False, "unreachable", str(fault))
    expected = GENESIS.get(network)
    right = genesis == expected if expected else genesis not in GENESIS.values()
    if right:
        return EndpointCheck(endpoint.host, True, "", "", genesis)
    message = f"{endpoint.host} is not of SOLANA_NETWORK={network}: its genesis hash is {genesis}"
    return EndpointCheck(endpoint.host, False, "wrong_network", message, genesis)


def _health(client: rpc.Client) -> tuple[bool, str]:
    try:
        client.read("getHealth", [])
    except RpcFault as fault:
        return False, str(fault)
    return True, "ok"


def _block_time(client: rpc.Client, slot: int) -> int | None:
    try:
        moment = client.read("getBlockTime", [slot])
    except RpcFault:
        return None  # not every node keeps block times
    return moment if type(moment) is int else None
