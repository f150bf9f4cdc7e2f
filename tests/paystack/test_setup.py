"""Keeping a card: the payer pays a little on Paystack's page and gets it back, once."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers.abilities import Payer, SetupAsked
from engine.providers.base import Outcome, ProviderUnavailable
from tests.paystack.desk import AVAILABLE, DECLINED, EMAIL, GOOD, POOR, Desk
from tests.paystack.recorder import Recorder
from tests.paystack.test_webhook import signed


@pytest.fixture(autouse=True)
def _some_balance(world) -> None:
    world.give(AVAILABLE, "NGN", 1_000)


def ask(desk: Desk, reference: str = "setup_0192f0c1", **more: Any) -> SetupAsked:
    payer = Payer(uuid7(), "Ada", EMAIL)
    fields = {"currency": "NGN", "return_url": "https://shop.example/back", "options": {}, **more}
    return desk.provider.ask_setup(payer=payer, reference=reference, **fields)


def pay(asked: SetupAsked, card: str = GOOD) -> str:
    answer = requests.post(asked.url, {"do": "card", "card": card}, timeout=5, allow_redirects=False)
    return answer.headers.get("location", "")


def test_a_card_is_kept_and_its_check_given_back_once(desk: Desk) -> None:
    asked = ask(desk)
    assert asked.kind == "redirect" and asked.client_secret == ""
    assert desk.provider.find_setup(asked.details).code == "waiting_for_payer"
    assert pay(asked).startswith("https://shop.example/back?")
    found = [desk.provider.find_setup(asked.details) for _ in range(3)]
    assert all(each.granted for each in found) and found[0].details == found[2].details
    assert found[0].label == {
        "brand": "visa", "last4": "4081", "exp_month": "12", "exp_year": "2030", "bank": "TEST BANK",
    }  # fmt: skip
    details = found[0].details
    assert details["source"] == details["authorization_code"] and details["email"] == EMAIL
    assert details["checked"]["amount_minor"] == 5_000 and details["checked"]["fee_minor"] == 75
    desk.world.advance(61)
    assert desk.moved("charge") == desk.moved("refund") == [5_000], (
        "given back once, however often it is found"
    )
    paid = desk.send(desk.prepare(details))
    assert paid.outcome is Outcome.SUCCEEDED


def test_nothing_is_granted_before_the_check_is_on_its_way_back(desk: Desk, hasty: None) -> None:
    """The money rule: what the check took is given back, and once, whatever becomes of the answers."""
    asked = ask(desk)
    pay(asked)
    for kind in ("500_before", "timeout_after_success"):
        desk.world.fault(kind, route="POST /refund", count=1)
        with pytest.raises(ProviderUnavailable):
            desk.provider.find_setup(asked.details)
    assert desk.provider.find_setup(asked.details).granted
    desk.world.advance(61)
    assert desk.moved("refund") == [5_000]


def test_a_check_that_is_refused_back_is_told_and_the_card_is_good(desk: Desk) -> None:
    asked = ask(desk)
    pay(asked)
    desk.world.give(AVAILABLE, "NGN", -5_000)
    found = desk.provider.find_setup(asked.details)
    assert found.granted and found.details["checked"]["refund"] == ""
    assert "balance" in found.details["checked"]["refused"]


@pytest.mark.parametrize(("card", "said"), [(DECLINED, "Declined"), (POOR, "Insufficient Funds")])
def test_a_card_that_the_bank_refuses_is_not_kept(desk: Desk, card: str, said: str) -> None:
    asked = ask(desk)
    pay(asked, card)
    found = desk.provider.find_setup(asked.details)
    assert (found.granted, found.code, found.message) == (False, "declined", said)
    pay(asked, GOOD)
    assert desk.provider.find_setup(asked.details).granted, "the page takes another card"


def test_the_same_setup_asked_again_has_a_page(desk: Desk, hasty: None, calls: Recorder) -> None:
    desk.world.fault("timeout_after_success", route="POST /transaction/initialize", count=1)
    with pytest.raises(ProviderUnavailable):
        ask(desk)
    asked = ask(desk)
    pay(asked)
    assert desk.provider.find_setup(asked.details).granted
    assert asked.details["reference"] == "setup.setup=0192f0c1.2"


def test_a_callback_of_the_page_names_the_setup(desk: Desk) -> None:
    desk.world.configure("paystack", webhook_url="http://127.0.0.1:9/hook")
    pay(ask(desk))
    (told,) = desk.world.webhooks(type="charge.success")
    account = desk.provider.client.account
    (hint,) = desk.provider.parse_webhook(told["body"].encode(), signed(told["body"].encode(), account.key))
    assert (hint.setup_ref, hint.identity, hint.provider_ref) == ("setup_0192f0c1", "", "")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"currency": "EUR"}, "currency_unsupported"), ({"reference": "a b"}, "reference_invalid"),
     ({"reference": "a=b"}, "reference_invalid"), ({"options": {"x": 1}}, "option_unknown")],
)  # fmt: skip
def test_bad_input_is_refused_before_any_call(
    desk: Desk, calls: Recorder, wrong: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        ask(desk, **wrong)
    assert refused.value.code == code and calls.calls == []


@pytest.mark.parametrize("kind", ["500_before", "429", "auth_revoked", "malformed_json"])
def test_nobody_answers(desk: Desk, kind: str) -> None:
    asked = ask(desk)
    desk.world.fault(kind, period=60)
    with pytest.raises(ProviderUnavailable):
        ask(desk, "setup-2")
    with pytest.raises(ProviderUnavailable):
        desk.provider.find_setup(asked.details)
    with pytest.raises(ProviderUnavailable):
        desk.provider.forget_setup({"authorization_code": "AUTH_1"})


def test_a_payer_that_paystack_refuses(desk: Desk) -> None:
    with pytest.raises(Refusal) as refused:
        desk.provider.ask_setup(
            payer=Payer(uuid7(), "Ada", "ada"), currency="NGN", return_url="", reference="r", options={}
        )
    assert refused.value.code == "setup_refused"


def test_the_other_mode_grants_nothing(desk: Desk) -> None:
    desk.world.configure("paystack", livemode=True)
    asked = ask(desk)
    pay(asked)
    assert desk.provider.find_setup(asked.details).code == "wrong_mode"
