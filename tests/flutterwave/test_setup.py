"""A payer's card becomes a method: at their page or encrypted in the payer's browser, never by a number of ours."""

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
from tests.flutterwave.desk import EMAIL, POOR, Desk, payable
from tests.flutterwave.test_callbacks import one
from tests.flutterwave.test_faults import breaks
from tests.gateways.receiver import Receiver

PAYER = Payer(uuid7(), "Ada Obi", EMAIL)
CIPHER = "sAE3hEDaDQ+yLzo4Py+Lx15OZjBGduHu/DcdILh3En0="
CARD = {
    "nonce": "abcdefghijkl", "encrypted_card_number": CIPHER, "encrypted_expiry_month": CIPHER,
    "encrypted_expiry_year": CIPHER, "encrypted_cvv": CIPHER,
}  # fmt: skip
BACK = "https://shop.example/back"


def ask(desk: Desk, payer: Payer = PAYER, **options: Any) -> SetupAsked:
    return desk.provider.ask_setup(
        payer=payer, currency="NGN", return_url=BACK, reference="setup-1", options=options
    )


def press(asked: SetupAsked, **form: str) -> requests.Response:
    return requests.post(asked.url, {"do": "card", **form}, timeout=5, allow_redirects=False)


def test_v3_has_a_page_and_shows_what_was_paid_on_it(v3: Desk) -> None:
    asked = ask(v3)
    assert (asked.kind, asked.details["amount_minor"]) == ("redirect", 5_000)
    assert v3.provider.find_setup(asked.details).code == "payer_action_needed"
    assert press(asked).headers["location"].startswith(BACK)
    found = v3.provider.find_setup(asked.details)
    assert found.granted and found.details["source"] == found.details["token"]
    assert found.label == {
        "brand": "MASTERCARD",
        "last4": "2950",
        "exp_month": "09",
        "exp_year": "2032",
        "bank": "TEST BANK",
    }
    assert v3.provider.find_setup(asked.details) == found
    ((moved,), (fee,)) = v3.moved(), v3.moved("fee")
    assert found.charged == SetupCharge(
        moved["object"],
        moved["object"],
        "setup-setup-1",
        moved["amount"],
        "NGN",
        fee["amount"],
        {"api": "v3"},
    )
    assert moved["amount"] == 5_000 and v3.moved("hold") == [], "a look moves nothing"
    paid = v3.pay(payable("charge", 700, dict(found.details)))
    assert paid.found and paid.found.outcome is Outcome.SUCCEEDED


def test_v3_a_card_that_is_refused_on_the_page(v3: Desk) -> None:
    asked = ask(v3)
    press(asked, card=POOR)
    assert v3.provider.find_setup(asked.details).code == "setup_failed" and v3.moved() == []


def test_v3_another_amount_is_no_method_and_is_shown(v3: Desk) -> None:
    asked = ask(v3)
    press(asked)
    found = v3.provider.find_setup({**asked.details, "amount_minor": 9_000})
    assert (found.granted, found.code) == (False, "amount_differs")
    assert found.charged is not None and found.charged.amount_minor == 5_000


def test_v3_its_callback_names_the_setup(v3: Desk) -> None:
    taken = Receiver()
    try:
        v3.world.configure("flutterwave-v3", webhook_url=taken.url)
        press(ask(v3))
        hint = one(v3, taken.wait(1)[0])
    finally:
        taken.close()
    assert (hint.setup_ref, hint.identity) == ("setup-1", "")


def test_v4_has_a_customer_and_the_card_that_their_browser_encrypted(v4: Desk) -> None:
    asked = ask(v4, card=CARD)
    assert (asked.kind, asked.url, asked.client_secret) == ("none", "", "")
    assert ask(v4, card=CARD) == asked, "under the same key it is the same method"
    found = v4.provider.find_setup(asked.details)
    assert found.granted and found.details["source"] == found.details["payment_method_id"]
    assert (found.label["last4"], found.label["exp_year"]) == ("2950", "2032")
    paid = v4.pay(payable("charge", 700, dict(found.details)))
    assert paid.found and paid.found.outcome is Outcome.SUCCEEDED


def test_v4_a_customer_whom_they_know_is_found_by_email(v4: Desk) -> None:
    first = ask(v4, card=CARD)
    again = ask(v4, replace(PAYER, customer_id=uuid7()), card=CARD)
    assert again.details["customer_id"] == first.details["customer_id"]


@pytest.mark.parametrize(
    "differs",
    [{"card_number": "5531886652142950"}, {"encrypted_cvv": "123"}, {"encrypted_card_number": "5531886652142950"},
     {"encrypted_card_number": None}, {"encrypted_card_number": 5531886652142950}],
)  # fmt: skip
def test_v4_a_card_that_is_not_encrypted_goes_nowhere(v4: Desk, differs: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        ask(v4, card=CARD | differs)
    assert refused.value.code == "card_not_encrypted" and "5531" not in refused.value.message
    with pytest.raises(Refusal):
        ask(v4)
    assert [row for row in v4.world.requests() if "payment-methods" in row["route"]] == []


def test_v4_another_customers_method_is_not_granted(v4: Desk) -> None:
    asked = ask(v4, card=CARD)
    found = v4.provider.find_setup({**asked.details, "customer_id": "cus_other"})
    assert (found.granted, found.code) == (False, "method_of_another")
    found = v4.provider.find_setup({**asked.details, "payment_method_id": "pmd_gone"})
    assert (found.granted, found.code) == (False, "method_unknown")


def test_who_can_not_be_asked_is_asked_later(desk: Desk) -> None:
    breaks(desk, "500_before", count=None)
    with pytest.raises(ProviderUnavailable):
        ask(desk, card=CARD)


def test_bad_input_is_refused(desk: Desk) -> None:
    with pytest.raises(Refusal) as refused:
        ask(desk, replace(PAYER, email="" if desk.version == "v3" else "nobody"), card=CARD)
    assert refused.value.code == "setup_refused"
    desk.provider.forget_setup({"source": "x"})
