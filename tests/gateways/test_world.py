"""The simulator as a program: its state, clock, panel and signers."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import stripe

from sandbox.gateways.control import ControlError, Gateways
from sandbox.gateways.stripe.mount import signature
from sandbox.run.paths import CHECKOUT
from tests.gateways.conftest import SECRET, client_of
from tests.gateways.receiver import Receiver

PAID = {"amount": 2000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True,
        "metadata": {"reference": "pay-1"}}  # fmt: skip
KEY = {"idempotency_key": "pay-1"}
VECTORS = json.loads((CHECKOUT / "tests" / "specs" / "signature-vectors.json").read_text())


def test_a_killed_simulator_has_kept_all_it_told_anybody(tmp_path: Path) -> None:
    state = tmp_path / "gateways.sqlite"
    with Gateways.start(state) as world:
        world.advance(5 * 86_400)
        paid = client_of(world).v1.payment_intents.create(PAID, KEY)
        world.fault("500_before", route="GET /customers$")
        before = [world.ledger(), world.balances(), len(world.timers()), world.now()]
        world.kill()
    with Gateways.start(state) as world:
        assert [world.ledger(), world.balances(), len(world.timers())] == before[:3]
        assert world.now() >= before[3]
        client = client_of(world)
        again = client.v1.payment_intents.create(PAID, KEY)
        assert again.id == paid.id and again.last_response.headers["Idempotent-Replayed"] == "true"
        assert client.v1.payment_intents.create(PAID).id != paid.id, "ids go on, they do not begin again"
        with pytest.raises(stripe.APIError):
            client.v1.customers.list()
        world.advance(3 * 86_400)
        assert world.balances()["stripe:platform:available"] == {"USD": 2 * 1912}


def test_callbacks_that_were_due_go_out_after_a_restart(tmp_path: Path) -> None:
    state, receiver = tmp_path / "gateways.sqlite", Receiver()
    with Gateways.start(state) as world:
        world.configure("stripe", webhook_url=receiver.url)
        world.fault("hook_delay", seconds=60)
        client_of(world).v1.payment_intents.create(PAID)
        world.kill()
    with Gateways.start(state) as world:
        world.advance(61)
        receiver.wait(3)
        world.quiet()
    receiver.close()


def test_held_callbacks_are_held_after_a_restart_too(tmp_path: Path) -> None:
    state, receiver = tmp_path / "gateways.sqlite", Receiver()
    with Gateways.start(state) as world:
        world.configure("stripe", webhook_url=receiver.url)
        world.hold("stripe")
        client_of(world).v1.payment_intents.create(PAID)
        world.kill()
    with Gateways.start(state) as world:
        client_of(world).v1.payment_intents.create(PAID)
        assert len(world.webhooks(state="held")) == 6 and receiver.taken == []
        assert world.release("stripe") == 6
        receiver.wait(6)
    receiver.close()


def test_one_state_file_belongs_to_one_simulator(tmp_path: Path) -> None:
    state = tmp_path / "gateways.sqlite"
    with Gateways.start(state):
        command = [sys.executable, "-m", "sandbox.gateways", "--port", "0", "--state", str(state)]
        second = subprocess.run(
            command, cwd=CHECKOUT, capture_output=True, text=True, timeout=20, check=False
        )
    assert second.returncode == 1
    assert re.fullmatch(r"gateways: state file \S+ cannot be used: .+\n", second.stderr)


def test_the_clock_stands_runs_and_never_goes_back(world: Gateways) -> None:
    world.set_clock(running=False)
    stood = world.now()
    assert world.now() == stood
    world.advance(10)
    assert world.now() == stood + 10
    with pytest.raises(ControlError, match="does not go back"):
        world.set_clock(stood, running=True)
    world.set_clock(running=True)
    assert world.now() >= stood + 10


def test_the_same_seed_gives_the_same_world(world: Gateways, client: stripe.StripeClient) -> None:
    ids = []
    for _ in range(2):
        world.reset()
        world.seed(7)
        ids.append([client.v1.customers.create({}).id for _ in range(3)])
    assert ids[0] == ids[1]


def test_books_add_up_to_nothing(world: Gateways, client: stripe.StripeClient) -> None:
    paid = client.v1.payment_intents.create(PAID)
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 700})
    world.do("stripe", "dispute", payment_intent=paid.id)
    world.advance(10 * 86_400)
    balances = world.balances()
    assert sum(held["USD"] for held in balances.values()) == 0
    told = sum(each.net for each in client.v1.balance_transactions.list({"limit": 100}).data)
    ours = [held["USD"] for name, held in balances.items() if name.startswith("stripe:platform:")]
    assert told == sum(ours), "Stripe's statement is the balance"


def test_each_answer_names_its_request(client: stripe.StripeClient) -> None:
    said = client.v1.balance.retrieve().last_response.headers
    assert said["Request-Id"].startswith("req_") and said["Stripe-Version"] == stripe.api_version


def test_nobody_elses_machine_may_steer(tmp_path: Path) -> None:
    with Gateways.start(arguments=["--admin", "off"]) as world:
        assert requests.get(f"{world.url}/_sim/ledger", timeout=5).status_code == 403


@pytest.mark.parametrize("vector", [each for each in VECTORS if each["name"].startswith("stripe")])
def test_stripes_vectors_are_reproduced(vector: dict[str, str]) -> None:
    header = vector["header"].removeprefix("Stripe-Signature: ")
    at = int(header.split(",")[0].removeprefix("t="))
    assert signature(vector["body"].encode(), [vector["secret"]], at) == header


def test_our_signer_and_the_librarys_agree() -> None:
    body, at = '{"id":"evt_1","emoji":"₦"}', 1_700_000_000
    theirs = stripe.WebhookSignature.generate_signature_header(body, SECRET, at)
    assert signature(body.encode(), [SECRET], at) == theirs


def test_the_specification_is_the_one_we_took() -> None:
    """Its licence (MIT) stands beside it; a change of it would be a change of what we are checked by."""
    found = (CHECKOUT / "tests" / "specs" / "stripe-money-subset.json").read_bytes()
    assert hashlib.sha256(found).hexdigest().startswith(SPEC)


SPEC = "26d68136c0a6d991"
