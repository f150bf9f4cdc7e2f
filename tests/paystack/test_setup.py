"""Keeping a card: the payer pays a little on Paystack's page, and a look shows what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import requests

from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers.abilities import Payer, SetupAsked
from engine.providers.base import Outcome, ProviderUnavailable
from engine.providers.setups import SetupCharge
from tests.paystack.desk import DECLINED, EMAIL, GOOD, POOR, Desk
from tests.paystack.recorder import Recorder
from tests.paystack.test_webhook import signed


def ask(desk: Desk, reference: str = "setup_0192f0c1", **more: Any) -> SetupAsked:
    payer = Payer(uuid7(), "Ada", EMAIL)
    fields = {"currency": "NGN", "return_url": "https://shop.example/back", "options": {}, **more}
    return desk.provider.ask_setup(payer=payer, reference=reference, **fields)


def pay(asked: SetupAsked, card: str = GOOD) -> str:
    answer = requests.post(asked.url, {"do": "card", "card": card}, timeout=5, allow_redirects=False)
    return answer.headers.get("location", "")


def test_a_card_is_kept_and_what_was_paid_for_it_is_shown(desk: Desk) -> None:
    asked = ask(desk)
    assert asked.kind == "redirect" and asked.client_secret == ""
    waiting = desk.provider.find_setup(asked.details)
    assert (waiting.code, waiting.charged) == ("waiting_for_payer", None)
    assert pay(asked).startswith("https://shop.example/back?")
    found, again = (desk.provider.find_setup(asked.details) for _ in range(2))
    assert found.granted and found == again
    assert found.label == {
        "brand": "visa", "last4": "4081", "exp_month": "12", "exp_year": "2030", "bank": "TEST BANK",
    }  # fmt: skip
    details, (moved,) = found.details, desk.world.ledger(provider="paystack", kind="charge")
    assert details["source"] == details["authorization_code"] and details["email"] == EMAIL
    assert found.charged == SetupCharge(
        moved["object"], moved["object"], asked.details["reference"], 5_000, "NGN", 75
    )
    assert desk.moved("hold") == [], "a look moves nothing"
    paid = desk.send(desk.prepare(details))
    assert paid.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"reusable": False}, "not_reusable"), ({"authorization_code": None}, "card_unreadable")],
)
def test_what_was_paid_with_a_card_that_can_t_be_kept_is_shown_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], code: str
) -> None:
    asked = ask(desk)
    pay(asked)
    get = desk.provider.client.get

    def another(path: str, *args: Any, **more: Any) -> Any:
        reply = get(path, *args, **more)
        return replace(
            reply, data={**reply.data, "authorization": {**reply.data["authorization"], **changed}}
        )

    monkeypatch.setattr(desk.provider.client, "get", another)
    found = desk.provider.find_setup(asked.details)
    assert (found.granted, found.code) == (False, code)
    assert found.charged is not None and found.charged.amount_minor == 5_000


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
