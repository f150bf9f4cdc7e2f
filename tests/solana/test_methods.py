"""Payment methods over a real VM: the wallet signs what the product built, the chain vouches for it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from solders.keypair import Keypair
from solders.message import to_bytes_versioned
from solders.transaction import VersionedTransaction

from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.outbox.models import Event
from engine.providers.base import FailureClass, Outcome, Payable
from payments import methods
from payments.methods import Need
from payments.models import PaymentMethod
from sandbox.localnet import wallets
from tests.solana.world import FINAL_SLOTS, USDC, Driver, World

pytestmark = pytest.mark.django_db


def add(world: World, amount: int = 10 * USDC, **changes: object) -> methods.Added:
    values = {
        "customer_id": uuid7(), "wallet": str(world.payer.pubkey()), "currency": "USDC", "add_minor": amount,
    }  # fmt: skip
    return methods.add(**(values | changes))  # type: ignore[arg-type]


def sign_and_send(world: World, asked: methods.Added) -> None:
    message = VersionedTransaction.from_bytes(base64.b64decode(asked.approval.transaction)).message
    signed = VersionedTransaction.populate(message, [world.payer.sign_message(to_bytes_versioned(message))])
    world.net.wait(world.net.send(bytes(signed), skip_preflight=True), "confirmed")


def test_a_method_is_active_only_when_its_approval_stands_on_the_chain(world: World):
    wallets.revoke(world.net, world.payer, world.account(world.payer))
    world.net.advance(2)
    asked = add(world)
    with pytest.raises(Refusal) as refused:
        methods.activate(asked.method.pk, needed_minor=5 * USDC)
    assert refused.value.code == "delegate_revoked"
    assert PaymentMethod.objects.get().state == "pending"
    sign_and_send(world, asked)
    found = methods.activate(asked.method.pk, needed_minor=5 * USDC)
    assert (found.state, found.allowance_minor, found.balance_minor) == ("active", 10 * USDC, 100 * USDC)
    assert found.details["collector"] == 1


@pytest.mark.parametrize("needed", [0, -1, 1.5, "5", None, True, 2**63])
def test_an_approval_for_no_amount_activates_nothing(world: World, needed: object):
    asked = add(world)
    sign_and_send(world, asked)
    with pytest.raises(Refusal) as refused:
        methods.activate(asked.method.pk, needed_minor=needed)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.param) == ("amount_invalid", "needed_minor")
    assert PaymentMethod.objects.get().state == "pending"


def test_a_second_commitment_keeps_what_is_left_of_the_first(world: World):
    asked = add(world, 7 * USDC)
    assert asked.approval.amount_minor == 57 * USDC  # 50 stand on the chain already
    sign_and_send(world, asked)
    assert methods.activate(asked.method.pk, needed_minor=USDC).allowance_minor == 57 * USDC


def test_a_newer_collector_key_serves_every_method_of_its_account(world: World, driver: Driver, change):
    """Approving anew for one method ends the older key's approval, which the account's other methods froze."""
    one = add(world)
    sign_and_send(world, one)
    methods.activate(one.method.pk, needed_minor=USDC)
    frozen = PaymentMethod.objects.get().details
    newer = Keypair()
    change(solana_collector_keys=[SecretStr(f"2:{newer}"), SecretStr(f"1:{world.collector}")])
    other = add(world, customer_id=one.method.customer_id)
    sign_and_send(world, other)
    methods.activate(other.method.pk, needed_minor=USDC)
    world.net.advance(2)
    scheduled = Payable(uuid7(), "charge", USDC, 0, "USDC", {**frozen, "payee": str(world.payee.pubkey())})
    attempt = driver.pay(scheduled)
    assert attempt.prepared.data["collector"] == str(newer.pubkey())
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).outcome is Outcome.SUCCEEDED
    ((_, found),) = methods.check([Need(one.method.pk, USDC)])
    assert (found.ok, PaymentMethod.objects.get(pk=one.method.pk).details["collector"]) == (True, 2)


def test_a_collector_key_exchanged_under_way_is_no_fault_of_the_payers(world: World, driver: Driver, change):
    attempt = driver.sign(world.payable())
    newer = Keypair()
    change(solana_collector_keys=[SecretStr(f"2:{newer}"), SecretStr(f"1:{world.collector}")])
    world.approve(50 * USDC, delegate=newer.pubkey())
    driver.send(attempt)
    world.net.advance(FINAL_SLOTS)
    found = driver.lookup(attempt)
    assert (found.outcome, found.failure_class, found.code) == (
        Outcome.DECLINED, FailureClass.TECHNICAL, "collector_exchanged",
    )  # fmt: skip


def test_an_approval_too_small_for_the_first_period_does_not_activate(world: World):
    asked = add(world)
    sign_and_send(world, asked)
    with pytest.raises(Refusal) as refused:
        methods.activate(asked.method.pk, needed_minor=1000 * USDC)
    assert refused.value.code == "allowance_too_small"
    assert PaymentMethod.objects.get().state == "pending"


def test_a_check_before_the_due_date_warns_once_per_trouble(world: World):
    asked = add(world)
    sign_and_send(world, asked)
    methods.activate(asked.method.pk, needed_minor=USDC)
    account = world.account(world.payer)
    wallets.freeze(world.net, world.authority, account, world.mint)
    world.net.advance(2)
    for _ in range(2):
        ((_, found),) = methods.check([Need(asked.method.pk, USDC)])
        assert found.code == "account_frozen"
    assert Event.objects.filter(type="payment_method.warning").count() == 1
    method = PaymentMethod.objects.get()
    assert (method.state, method.check_code) == ("active", "account_frozen")


def test_the_payer_is_warned_for_each_due_date(world: World):
    asked = add(world)
    sign_and_send(world, asked)
    methods.activate(asked.method.pk, needed_minor=USDC)
    wallets.freeze(world.net, world.authority, world.account(world.payer), world.mint)
    world.net.advance(2)
    first = datetime(2026, 3, 1, tzinfo=UTC)
    for due in (first, first, first + timedelta(days=31), first + timedelta(days=31), None):
        methods.check([Need(asked.method.pk, USDC, due)])
    warned = (
        Event.objects.filter(type="payment_method.warning").order_by("pk").values_list("payload", flat=True)
    )
    assert [each["due_at"][:10] for each in warned] == ["2026-03-01", "2026-04-01"]


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"wallet": "not-a-key"}, "wallet"),
        ({"currency": "DOGE"}, "currency"),
        ({"add_minor": 0}, "add_minor"),
        ({"add_minor": -5}, "add_minor"),
        ({"add_minor": 2**64}, "add_minor"),
    ],
)
def test_bad_input_names_the_field_and_writes_nothing(world: World, changes: dict[str, object], param: str):
    with pytest.raises(Refusal) as refused:
        add(world, **changes)
    assert refused.value.param == param
    assert not PaymentMethod.objects.exists()


def test_a_removed_method_is_not_activated_again(world: World):
    asked = add(world)
    sign_and_send(world, asked)
    methods.remove(asked.method.pk)
    with pytest.raises(Refusal) as refused:
        methods.activate(asked.method.pk, needed_minor=USDC)
    assert refused.value.code == "payment_method_removed"


def test_a_silent_chain_refuses_and_writes_nothing(world: World, change):
    change(solana_rpc_url="http://127.0.0.1:9")
    with pytest.raises(Refusal) as refused:
        add(world, wallet=str(Keypair().pubkey()))
    assert refused.value.code == "provider_unavailable"
    assert not PaymentMethod.objects.exists()


def test_activation_and_removal_are_told_once_each_in_order(world: World):
    asked = add(world)
    sign_and_send(world, asked)
    for _ in range(2):
        methods.activate(asked.method.pk, needed_minor=USDC)
    for _ in range(2):
        methods.remove(asked.method.pk)
    told = Event.objects.filter(object_id=asked.method.pk).order_by("seq")
    assert list(told.values_list("type", "seq")) == [
        ("payment_method.activated", 1), ("payment_method.removed", 2),
    ]  # fmt: skip
    assert PaymentMethod.objects.get().version == 2
