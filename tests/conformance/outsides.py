"""The outside world of each provider, as the suite needs it: payers, faults, time, and the truth."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.conf import settings
from pydantic import SecretStr
from solders.keypair import Keypair

from config.gateways import Gateways as Variables
from engine.providers import registry
from engine.providers.base import FailureClass
from engine.providers.edge.tokens import Source
from engine.providers.ipaymu import client, sheet
from engine.providers.stripe.charge import UNNAMED_SECONDS
from payments.models import Attempt
from sandbox.gateways.control import Gateways
from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet
from sandbox.rails import gateways as rails
from sandbox.rails.rail import Rail
from tests.conformance.faults import FAULTS, LATE, LIES, Fault
from tests.solana.world import DECIMALS, FINAL_SLOTS, USDC, World

DEAD_SLOTS = 400  # a block hash lives 150
LATER_SECONDS = 20.0  # of the simulator's clock, each round: an access token outlives them all

_SEEDS = itertools.count(1)


class Outside:
    """One provider's world. `path`: its class where no variable turns it on."""

    name: ClassVar[str]
    path: ClassVar[str] = ""
    currency: str
    price_minor: int
    declines: ClassVar[dict[str, FailureClass]]  # kind of payer -> why their payment fails
    not_declared: ClassVar[dict[str, str]] = {}  # test -> why this world has none of it
    takes_back: ClassVar[bool] = False  # a charge that was paid may not be so any more, days later
    hasty = False  # a call has half a second, for a test that waits one out

    def settings(self) -> dict[str, Any]:
        """Typed values for settings.ENV."""
        raise NotImplementedError

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """As new, and clean afterwards."""
        raise NotImplementedError

    def payer(self, kind: str) -> dict[str, Any]:
        """A payment's instructions for a payer of this kind."""
        raise NotImplementedError

    def later(self) -> None:
        """Its own time goes on; whoever is waited for acts."""
        raise NotImplementedError

    def paid(self, payment_id: UUID) -> list[tuple[int, str]]:
        """What moved for that payment, one entry a movement."""
        raise NotImplementedError

    def knows(self, name: str) -> bool:
        """Whether that fault of tests/conformance/faults.py can happen here."""
        return False

    def fault(self, name: str, **more: Any) -> None:
        """Set a fault of those that this world knows."""
        raise NotImplementedError

    def black_out(self, seconds: float) -> bool:
        """Nobody answers for so long of its own time; False where that can't be had."""
        return False

    def bury(self, attempt: Attempt) -> None:
        """So much time goes by that what never began can't begin any more, where that can be proved."""
        raise NotImplementedError

    def clear(self) -> None:
        """No fault any more."""
        raise NotImplementedError

    def forget(self) -> None:
        """What a careless client did here is no matter of the next test."""


class OnGateway(Outside):
    """A gateway of the simulator."""

    rail_type: ClassVar[type[Rail]]
    moves: ClassVar[str]  # route of the call that may move money, or make what can be paid
    looks: ClassVar[str]  # routes of its look-ups
    refunds: ClassVar[str] = r"POST .*/refunds?$"
    body_is_signed: ClassVar[bool] = True  # its callbacks' signature covers the raw bytes
    time_is_signed: ClassVar[bool] = False
    names_its_mode: ClassVar[bool] = False
    not_there: ClassVar[frozenset[str]] = frozenset({"token spent"})  # faults that none of its calls can have
    tells_at_once: ClassVar[bool] = True  # a callback of a charge may overtake the charge's own answer

    def __init__(self, gateways: Gateways) -> None:
        self.gateways = gateways
        self.rail = self.rail_type(gateways)
        self.currency, self.price_minor = self.rail.currency, self.rail.price_minor
        self._payers = 0

    def settings(self) -> dict[str, Any]:
        return _typed(self.rail)

    @contextmanager
    def prepared(self) -> Iterator[None]:
        self.gateways.reset()
        self.gateways.seed(next(_SEEDS))  # the rows of the tests before know the ids that those gave
        yield
        assert self.gateways.status()["bugs"] == 0
        assert self.gateways.assertions()["doubles"] == []

    def payer(self, kind: str) -> dict[str, Any]:
        self._payers += 1
        return self.rail.payer(f"payer-{self._payers}@example.com", kind)

    def later(self) -> None:
        self.rail.act()
        self.gateways.advance(LATER_SECONDS)

    def call_back(self, url: str) -> None:
        """Callbacks go there from now on."""
        self.rail.call_back(url)

    def paid(self, payment_id: UUID) -> list[tuple[int, str]]:
        return [
            (one.amount_minor, one.currency)
            for one in self.rail.moved()
            if one.payment == payment_id.hex and one.kind == "charge"
        ]

    def fund(self) -> None:
        """Our balance there has more than the test's payments."""
        self.gateways.give(f"{self.rail.name}:platform:available", self.currency, 100 * self.price_minor)

    def given_back(self, payment_id: UUID) -> list[int]:
        """What went back by each refund that a payment of that id made, in order, less what of it came back to us."""
        held: dict[str, int] = {}
        for one in self.rail.moved():
            if one.payment == payment_id.hex:
                held[one.object_id] = held.get(one.object_id, 0) - one.adds_minor
        return [minor for minor in held.values() if minor]

    def black_out(self, seconds: float) -> bool:
        routes = f"{self.moves}|{self.looks}"
        self.gateways.fault(
            "outage", provider=self.rail.speakers[0], route=routes, period=seconds, style="reset"
        )
        return True

    def knows(self, name: str) -> bool:
        return name not in self.not_there

    def fault(self, name: str, **more: Any) -> None:
        found = (FAULTS | LIES | LATE)[name]
        both = f"{self.moves}|{self.looks}"
        routes = {"moves": self.moves, "looks": self.looks, "both": both, "refunds": self.refunds}[
            found.calls
        ]
        self.gateways.fault(
            **{**found.rule, "provider": self._speaker(found), "route": routes, "count": 1, **more}
        )

    def clear(self) -> None:
        self.gateways.clear_faults()

    def forget(self) -> None:
        self.gateways.reset()

    def _speaker(self, fault: Fault) -> str:
        return self.rail.speakers[0]


@cache
def _typed(rail: Rail) -> dict[str, Any]:
    values = {name.lower(): value for name, value in rail.environ().items()}
    rates = {name: 10_000.0 for name in Variables.model_fields if name.endswith("_calls_per_second")}
    return Variables(**values).model_dump() | rates  # type: ignore[arg-type]


class OnStripe(OnGateway):
    name = "stripe"
    rail_type = rails.Stripe
    moves, looks = r"POST .*payment_intents/\{id\}/confirm", r"GET .*payment_intents"
    time_is_signed, names_its_mode, takes_back = True, True, True
    declines = {
        "hard_decline": FailureClass.SOFT_DECLINE,  # generic_decline: tried again, then the payer is asked
        "insufficient_funds": FailureClass.INSUFFICIENT_FUNDS,
        "payer_action": FailureClass.PAYER_ACTION,
    }

    def bury(self, attempt: Attempt) -> None:
        """An intent that no list shows a quarter of an hour after it was to be made was never named."""
        attempt.data["made_at"] -= UNNAMED_SECONDS
        attempt.save(update_fields=["data"])


class OnPaystack(OnGateway):
    name = "paystack"
    rail_type = rails.Paystack
    moves, looks = r"POST /transaction/charge_authorization", r"GET /transaction/verify"
    names_its_mode, takes_back = True, True
    declines = {
        "hard_decline": FailureClass.SOFT_DECLINE,
        "insufficient_funds": FailureClass.INSUFFICIENT_FUNDS,
    }


class OnFlutterwave(OnGateway):
    name = "flutterwave"
    rail_type = rails.FlutterwaveV4
    moves, looks = r"POST /charges$", r"GET /charges"
    not_there = frozenset()
    declines = {
        "hard_decline": FailureClass.HARD_DECLINE,
        "insufficient_funds": FailureClass.INSUFFICIENT_FUNDS,
    }

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """A token that is refused when it is new stands for wrong credentials: none is new here."""
        with pytest.MonkeyPatch.context() as aged, super().prepared():
            aged.setattr("engine.providers.flutterwave.v4.tokens.Source", partial(Source, young=-1.0))
            yield


class OnFlutterwaveV3(OnFlutterwave):
    rail_type = rails.FlutterwaveV3
    moves, looks = r"POST /tokenized-charges", r"GET /transactions"
    body_is_signed = False
    not_there = OnGateway.not_there


class OnIpaymu(OnGateway):
    name = "ipaymu"
    rail_type = rails.Ipaymu
    moves, looks = r"POST /payment", r"POST /(transaction|history)"
    body_is_signed = False  # its fields are, in a form of their own
    declines = {}
    not_there = OnGateway.not_there | {"wrong currency"}  # it knows one
    tells_at_once = False  # a link is paid after it was given
    takes_back = True

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Its own patience is half a minute: as short here as everybody's."""
        with pytest.MonkeyPatch.context() as hurry, super().prepared():
            if self.hasty:
                hurry.setattr(sheet, "DEADLINE_SECONDS", 1.0)
                hurry.setattr(client, "LOOK_SECONDS", 0.5)
            yield

    def call_back(self, url: str) -> None:
        """It is told with each payment."""
        settings.ENV.public_url = url
        registry.get.cache_clear()


class OnSolana(Outside):
    """The localnet: no gateway, and the same contract."""

    name = "solana_delegate"
    path = "engine.providers.solana.provider.SolanaDelegate"
    currency, price_minor = "USDC", 5 * USDC
    declines = {
        "insufficient_funds": FailureClass.INSUFFICIENT_FUNDS,
        "payer_action": FailureClass.PAYER_ACTION,
    }
    _KINDS: ClassVar[dict[str, dict[str, Any]]] = {
        "timeout after success": {"kind": "lost"},
        "reset after success": {"kind": "lost"},
        "timeout before": {"kind": "lost", "when": "before"},
        "500 before": {"kind": "http_5xx", "when": "before"},
        "500 after success": {"kind": "http_5xx", "when": "after"},
        "429": {"kind": "http_429"},
        "slow": {"kind": "slow", "delay_ms": 50},
        "lookup 404": {"kind": "behind", "methods": ["getSignatureStatuses"]},
        "stale lookup": {"kind": "stale", "methods": ["getSignatureStatuses"], "slots": 40},
    }

    def __init__(self, chain: Localnet) -> None:
        self.chain = chain
        self.authority, self.collector, self.fee_payer = Keypair(), Keypair(), Keypair()
        self.world: World | None = None

    def settings(self) -> dict[str, Any]:
        assert self.world is not None
        return {
            "solana_network": "localnet", "solana_rpc_url": self.chain.url, "solana_commitment": "confirmed",
            "solana_collector_keys": [SecretStr(f"1:{self.collector}")],
            "solana_fee_payer_key": SecretStr(str(self.fee_payer)), "solana_fee_payer_min": 10_000_000,
            "solana_mints": {"USDC": (str(self.world.mint), DECIMALS)},
        }  # fmt: skip

    @contextmanager
    def prepared(self) -> Iterator[None]:
        self.chain.clear_faults()
        self.authority = wallets.create_wallet(self.chain, 100)
        self.chain.airdrop(self.fee_payer.pubkey(), wallets.LAMPORTS_PER_SOL)
        mint = wallets.create_mint(self.chain, self.authority, DECIMALS)
        self.world = World(self.chain, self.authority, mint, self.collector, self.fee_payer, Keypair())
        yield
        self.chain.clear_faults()

    def payer(self, kind: str) -> dict[str, Any]:
        assert self.world is not None
        self.world.payer, self.world.payee = Keypair(), Keypair()
        self.chain.airdrop(self.world.payer.pubkey(), wallets.LAMPORTS_PER_SOL)
        self.world.open(self.world.payer, 1 if kind == "insufficient_funds" else 100 * USDC)
        self.world.open(self.world.payee)
        self.world.approve(1 if kind == "payer_action" else 50 * USDC)
        self.chain.advance(2)
        return self.world.instructions()

    def later(self) -> None:
        self.chain.advance(FINAL_SLOTS)

    def paid(self, payment_id: UUID) -> list[tuple[int, str]]:
        found = [tx for tx in self.chain.truth(memo=payment_id.hex) if tx["err"] is None]
        return [(sum(each["amount"] for each in tx["transfers"]), self.currency) for tx in found]

    def knows(self, name: str) -> bool:
        return name in self._KINDS

    def fault(self, name: str, **more: Any) -> None:
        rule = {"methods": ["sendTransaction"], "count": 1, **self._KINDS[name]}
        self.chain.fault(**rule)

    def bury(self, attempt: Attempt) -> None:
        """Its block hash is gone for good."""
        self.chain.advance(DEAD_SLOTS)

    def clear(self) -> None:
        self.chain.clear_faults()


OUTSIDES: dict[str, type[Outside]] = {
    "solana": OnSolana, "stripe": OnStripe, "paystack": OnPaystack, "flutterwave-v4": OnFlutterwave,
    "flutterwave-v3": OnFlutterwaveV3, "ipaymu": OnIpaymu,
}  # fmt: skip
GATEWAYS = [name for name, kind in OUTSIDES.items() if issubclass(kind, OnGateway)]
REFUNDING = [
    name for name, kind in OUTSIDES.items() if issubclass(kind, OnGateway) and kind.rail_type.gives_back
]
