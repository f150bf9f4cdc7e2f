"""Callbacks: every form that iPaymu's own papers and samples sign is taken, and none of them is believed."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from engine.core.errors import Refusal
from engine.providers.abilities import Hint, SignatureWrong
from engine.providers.base import Outcome
from engine.providers.ipaymu import signing
from engine.providers.ipaymu.provider import Ipaymu
from tests.gateways.receiver import Receiver, Taken
from tests.gateways.vectors import vector
from tests.ipaymu.shop import NAME, VA, Made, Shop

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def provider(account) -> Ipaymu:
    return Ipaymu()


def signed(fields: dict[str, Any]) -> dict[str, str]:
    """JSON's headers, signed over the members as they are."""
    return {**JSON, "X-Signature": _hex(signing._canonical(fields, escaped=True))}


def _hex(message: bytes) -> str:
    return hmac.new(VA.encode(), message, "sha256").hexdigest()


def told(shop: Shop, hooks: Receiver, **settings: Any) -> tuple[Made, Taken]:
    """A payment that was paid, and the callback about it."""
    shop.world.configure(NAME, **settings)
    made = shop.make(channel="va:bni")
    shop.end(made.number)
    return made, hooks.wait(1)[-1]


@pytest.mark.parametrize("variant", ["A", "B"])
@pytest.mark.parametrize("form", [True, False])
@pytest.mark.parametrize("escaped", [True, False])
def test_what_ipaymu_signs_is_taken_in_each_of_its_forms(
    shop: Shop, hooks: Receiver, variant: str, form: bool, escaped: bool
) -> None:
    made, taken = told(shop, hooks, callback_variant=variant, callback_form=form, callback_escaped=escaped)
    (hint,) = shop.provider.parse_webhook(taken.body, taken.headers)
    event_id = f"sha256-{hashlib.sha256(taken.body).hexdigest()}"
    said = Outcome.SUCCEEDED
    assert hint == Hint(event_id, "berhasil", made.sendable.identity, str(made.number), says=said)


@pytest.mark.parametrize("variant", ["A", "B"])
def test_the_official_handlers_and_papers_are_both_right(provider: Ipaymu, variant: str) -> None:
    """B is what iPaymu's four sample handlers accept alone, A what its papers and its shop plugin write."""
    known = vector(f"ipaymu-callback-{variant}")
    assert known["secret"] == VA
    name, _, value = known["header"].partition(": ")
    (hint,) = provider.parse_webhook(known["body"].encode(), {**JSON, name: value})
    assert (hint.identity, hint.provider_ref, hint.live) == ("INV-1", "184854", None)
    fields = json.loads(known["body"])
    pairs = {k: int(v) if isinstance(v, bool) else v for k, v in fields.items() if v != []}
    assert (
        provider.parse_webhook(urlencode(pairs).encode(), {**FORM, name: value})[0].provider_ref == "184854"
    )


@pytest.mark.parametrize("change", [{"payment_no": None}, {"payment_no": ""}, {"payment_no": "8578"}])
@pytest.mark.parametrize("with_it", [True, False])
def test_an_empty_payment_no_may_be_signed_or_not(provider: Ipaymu, change: dict, with_it: bool) -> None:
    fields = {"trx_id": 5, "reference_id": "r", "amount": "5", "is_escrow": False, **change}
    fields = {name: value for name, value in fields.items() if value is not None}
    over = {**fields, "payment_no": fields.get("payment_no", "")} if with_it else dict(fields)
    if not with_it and not over.get("payment_no"):
        over.pop("payment_no", None)
    assert provider.parse_webhook(json.dumps(fields).encode(), signed(over))


def test_members_are_signed_as_they_came_where_no_form_of_theirs_fits(provider: Ipaymu) -> None:
    fields = {"trx_id": "5", "reference_id": "r/ù", "amount": 5.5, "referenceId": "r", "new": {"b": None}}
    assert provider.parse_webhook(json.dumps(fields).encode(), signed(fields))
    raw = {**JSON, "X-Signature": _hex(signing._canonical(fields, escaped=False)).upper()}
    assert provider.parse_webhook(json.dumps(fields).encode(), raw)


def test_ten_hmacs_at_most(provider: Ipaymu, monkeypatch) -> None:
    made, new = [], hmac.new
    monkeypatch.setattr(signing.hmac, "new", lambda *given: made.append(given) or new(*given))
    fields = {"trx_id": 5, "reference_id": "ù", "amount": "5", "is_escrow": True, "paid_off": "4"}
    with pytest.raises(SignatureWrong):
        provider.parse_webhook(json.dumps(fields).encode(), JSON)
    assert len(made) == 10


@pytest.mark.parametrize("given", ["", "0" * 64, "ù" * 64, "\x00"])
def test_a_forged_one_still_says_what_it_would_be_about(provider: Ipaymu, given: str) -> None:
    body = json.dumps({"trx_id": 5, "reference_id": "r"}).encode()
    with pytest.raises(SignatureWrong) as refused:
        provider.parse_webhook(body, {**JSON, "X-Signature": given})
    assert refused.value.code == "signature_wrong"
    assert [(hint.identity, hint.provider_ref) for hint in refused.value.hints] == [("r", "5")]


def test_one_signed_wrongly_and_one_written_anew(shop: Shop, hooks: Receiver) -> None:
    """What is signed are the members: another order of them is the same callback."""
    shop.world.fault("hook_reserialised", provider=NAME)
    shop.world.fault("hook_wrong_signature", provider=NAME, nth=1)
    for count in (1, 2):
        shop.end(shop.make(channel="va:bni").number)
        hooks.wait(count)
    first, second = hooks.taken
    with pytest.raises(SignatureWrong):
        shop.provider.parse_webhook(first.body, first.headers)
    assert shop.provider.parse_webhook(second.body, second.headers)


def test_what_arrives_twice_is_one(shop: Shop, hooks: Receiver) -> None:
    shop.world.fault("hook_duplicate", provider=NAME)
    shop.end(shop.make(channel="va:bni").number)
    first, second = (shop.provider.parse_webhook(taken.body, taken.headers) for taken in hooks.wait(2))
    assert first == second


def test_an_id_that_nobody_signed_makes_no_two_events_one_nor_one_two(provider: Ipaymu) -> None:
    """X-External-ID is beside what is signed: a replay could bear the id of an event that is still to come."""
    events = set()
    for status, given in (("pending", "a"), ("berhasil", "a"), ("berhasil", "b"), ("berhasil", "")):
        fields = {"trx_id": 5, "reference_id": "r", "status": status}
        headers = {**signed(fields), "X-External-ID": given}
        events.add(provider.parse_webhook(json.dumps(fields).encode(), headers)[0].event_id)
    assert len(events) == 2


def test_expired_is_told_too_and_only_looking_it_up_ends_it(shop: Shop, hooks: Receiver) -> None:
    made = shop.make(channel="va:bni")
    shop.end(made.number, "expired")
    (taken,) = hooks.wait(1)
    (hint,) = shop.provider.parse_webhook(taken.body, taken.headers)
    assert (hint.kind, hint.identity) == ("expired", made.sendable.identity)
    assert shop.look_at(made).code == "link_expired"


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[]", b"{}", b"5", b"a=1", b"trx_id=&reference_id=", b"trx_id=x",
                                  b"trx_id=-5", b'{"trx_id": ' + b"[" * 100_000, b'{"reference_id": "\\ud800"}',
                                  b"=&" * 300, b'{"trx_id": 1' + b"0" * 5000 + b"}"])  # fmt: skip
def test_what_is_no_callback_is_refused_without_a_crash(provider: Ipaymu, body: bytes) -> None:
    for headers in ({}, JSON, FORM):
        with pytest.raises(Refusal) as refused:
            provider.parse_webhook(body, headers)
        assert refused.value.code in ("callback_unreadable", "signature_wrong")
