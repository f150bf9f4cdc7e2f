"""What a run with the demo needs of the environment: keys made once, spans short enough to watch."""

from collections.abc import Mapping

from solders.keypair import Keypair

from sandbox.gateways.control import Gateways
from sandbox.rails.gateways import ALL
from sandbox.run.ports import HOST

RAILS = ("stripe", "paystack", "flutterwave-v4", "ipaymu")
WRAPPED_SOL = "So11111111111111111111111111111111111111112"
KEYS = ("DEMO_COLLECTOR", "DEMO_FEE_WALLET", "DEMO_MINT", "DEMO_MINT_AUTHORITY")

# Seconds of machine time unless the name says otherwise. The localnet's slots take 100 ms: a blockhash
# lives 15 s and a transaction is final after about 3 s.
SPANS = {
    "PAYMENT_PROCESSING_SECONDS": "2",
    "TICK_SECONDS": "1",
    "GRACE_PERIOD": "8",
    "WATCH_SECONDS": "2",
    "VERIFY_FIRST_SECONDS": "0.5",
    "SEND_WINDOW_SECONDS": "4",
    "SEND_DEADLINE_SECONDS": "3",
    "TAKE_SECONDS": "15",
    "CATCH_UP_LIMIT": "1000",
    "WATCH_AHEAD_SECONDS": "10",
    "WATCH_AHEAD_EVERY_SECONDS": "5",
    "SOFT_SHUTDOWN_SECONDS": "0.5",
}


def keys(kept: Mapping[str, str]) -> dict[str, str]:
    """Keys made once per RUN_DIR and kept in its env file: base58 of 64 bytes each."""
    names = (*KEYS, "SOLANA_FEE_PAYER_KEY")
    return {name: kept.get(name) or str(Keypair()) for name in names}


def settings(made: Mapping[str, str], environ: Mapping[str, str], ports: Mapping[str, int]) -> dict[str, str]:
    """The product's variables for a demo on the localnet and the gateways' simulator.

    A span that the user set wins. Keys, wallets and tokens are always the demo's own: what it loaded and what its
    books are compared with stands on these, and no other chain's key is used for play.
    """

    def address(name: str) -> str:
        return str(Keypair.from_base58_string(made[name]).pubkey())

    return {
        **{name: environ.get(name) or value for name, value in SPANS.items()},
        "SOLANA_NETWORK": "localnet",
        "SOLANA_COLLECTOR_KEYS": f"1:{made['DEMO_COLLECTOR']}",
        "SOLANA_FEE_WALLET": address("DEMO_FEE_WALLET"),
        "SOLANA_MINTS": f"SOL={WRAPPED_SOL}:9,USDC={address('DEMO_MINT')}:6",
        **gateways(ports),
        **made,
    }


def gateways(ports: Mapping[str, int]) -> dict[str, str]:
    """The variables of all four gateways, at the simulator of this run."""
    at = Gateways(f"http://{HOST}:{ports['GATEWAYS_PORT']}")
    found: dict[str, str] = {}
    for name in RAILS:
        found |= ALL[name](at).environ()
    return found | {"PUBLIC_URL": f"http://{HOST}:{ports['WEB_PORT']}"}


def differs(values: Mapping[str, str], environ: Mapping[str, str]) -> list[str]:
    """A line for each variable that the user set to something else than the demo's; a key is not shown."""
    said = []
    for name, value in values.items():
        given = environ.get(name)
        if given and name in SPANS and given != SPANS[name]:
            said.append(f"! {name}={given} is set; the demo's own is {SPANS[name]}, CYCLES reckons with that")
        elif given and given != value:
            said.append(f"! {name} is set and not used: the demo has its own")
    return said
