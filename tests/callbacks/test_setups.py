"""A callback about a payment method at a gateway has it looked at; a card number in one is not kept."""

from __future__ import annotations

from typing import Any

import pytest

from engine.core import clock, crypt
from engine.core.ids import uuid7
from payments import methods
from payments.callbacks import work
from payments.callbacks.models import Callback
from payments.models import PaymentMethod

NUMBER = "4242424242424242"


@pytest.fixture
def pending(gateway: Any) -> PaymentMethod:
    return PaymentMethod.objects.create(
        id=uuid7(), customer_id=uuid7(), provider="scripted", currency="USDC", setup_kind="redirect",
        created_at=clock.machine_now(),
    )  # fmt: skip


def test_the_set_up_that_it_names_is_looked_at(tell: Any, pending: PaymentMethod) -> None:
    assert tell(setup_ref=pending.pk.hex).status_code == 200
    assert not methods.waiting()
    work.work()
    assert methods.waiting()
    callback = Callback.objects.get()
    assert (callback.state, callback.said) == ("done", "its set-up is looked at now")


def test_one_that_is_done_and_one_that_is_nobody_s_are_said_to_be(tell: Any, pending: PaymentMethod) -> None:
    PaymentMethod.objects.update(state="active", activated_at=clock.machine_now())
    tell(event_id="e-1", setup_ref=pending.pk.hex)
    tell(event_id="e-2", setup_ref=uuid7().hex)
    work.work()
    said = dict(Callback.objects.values_list("event_id", "said"))
    assert said["e-1"] == "its set-up was done already"
    assert "no set-up of that reference" in said["e-2"]
    assert not methods.waiting()


def test_one_of_its_charge_that_nobody_gives_back_is_about_nothing(tell: Any, pending: PaymentMethod) -> None:
    for number, reference in enumerate([pending.pk.hex, "any-text"]):
        tell(event_id=f"e-{number}", setup_ref=reference, identity=f"setup.{reference}.1")
    assert work.work().counts == {"unknown": 2}
    assert not methods.waiting()


@pytest.mark.parametrize("signature", [None, "forged"])
def test_a_card_number_in_one_is_checked_and_not_kept(tell: Any, signature: str | None) -> None:
    raw = f'{{"event_id": "e-{NUMBER}x", "kind": "card {NUMBER}", "provider_ref": "{NUMBER}"}}'
    answered = tell(raw.encode(), signature=signature, headers={"X-Note": "4242 4242-4242 4242"})
    assert (answered.status_code == 200) is (signature is None)
    for row in Callback.objects.all():
        kept = f"{crypt.unseal(bytes(row.body)).decode()} {row.headers} {row.kind} {row.provider_ref}"
        assert (
            NUMBER not in kept.replace(f"e-{NUMBER}x", "")
            and "4242 4242" not in kept
            and "************4242" in kept
        )
    assert Callback.objects.count() == 1
