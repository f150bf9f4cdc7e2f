"""Callbacks: genuine or refused, known again when they come again, and never more than a hint."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from pydantic import SecretStr

from engine.core.errors import Refusal
from engine.providers.abilities import Hint
from engine.providers.flutterwave.provider import Flutterwave
from tests.flutterwave.conftest import Change
from tests.flutterwave.desk import AVAILABLE, Desk
from tests.flutterwave.test_payouts import payout
from tests.gateways.receiver import Receiver, Taken
from tests.gateways.vectors import vector

SECRET = "flw_secret_hash"


def signed(desk: Desk, event: Any, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    if desk.version == "v3":
        return body, {"Verif-Hash": secret}
    made = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return body, {"Flutterwave-Signature": made}


def one(desk: Desk, taken: Taken) -> Hint:
    (hint,) = desk.provider.parse_webhook(taken.body, taken.headers)
    return hint


def test_the_vector_that_was_computed_elsewhere(desk: Desk) -> None:
    known = vector(f"flutterwave-{desk.version}")
    name, _, value = known["header"].partition(": ")
    (hint,) = desk.provider.parse_webhook(known["body"].encode(), {name: value})
    assert hint.identity == "po000000001" and hint.kind.startswith("transfer.")
    for body, header in ((known["body"] + " ", value), (known["body"], f"{value}x"), (known["body"], ""),
                         (known["body"], known["secret"])):  # fmt: skip
        if desk.version == "v3" and header == known["secret"]:
            continue  # the word says nothing of the body: that is why all of it is looked up
        with pytest.raises(Refusal) as refused:
            desk.provider.parse_webhook(body.encode(), {name: header})
        assert refused.value.code == "signature_wrong"


def test_the_other_versions_header_is_none_of_ours(desk: Desk) -> None:
    body, _ = signed(desk, {"type": "charge.completed"})
    other = "verif-hash" if desk.version == "v4" else "flutterwave-signature"
    with pytest.raises(Refusal) as refused:
        desk.provider.parse_webhook(body, {other: "flw_secret_hash"})
    assert refused.value.code == "signature_wrong"


def test_two_secrets_hold_while_one_is_changed_for_the_other(desk: Desk, change: Change) -> None:
    change(flutterwave_webhook_secrets=[SecretStr("new-secret"), SecretStr("old-secret")])
    provider = Flutterwave()
    for secret in ("new-secret", "old-secret"):
        body, headers = signed(desk, {"type": "charge.completed", "event": "charge.completed"}, secret)
        assert provider.parse_webhook(body, headers)[0].kind == "charge.completed"
    with pytest.raises(Refusal):
        provider.parse_webhook(*signed(desk, {"type": "x"}, "older-secret"))


@pytest.mark.parametrize("body", [b"", b"[]", b"no json", b"\xff\xfe", b"[" * 100_000, b'"text"'])
def test_what_is_no_object_is_unreadable(desk: Desk, body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        desk.provider.parse_webhook(*signed(desk, body))
    assert refused.value.code == "callback_unreadable"


@pytest.mark.parametrize("event", [{}, {"data": None}, {"data": [1]}, {"data": {"id": True, "status": 5}},
                                   {"event": 7, "type": None, "data": {"meta": "x", "reference": {}}}])  # fmt: skip
def test_what_names_nothing_is_kept_as_it_is(desk: Desk, event: dict[str, Any]) -> None:
    (hint,) = desk.provider.parse_webhook(*signed(desk, event))
    assert hint.event_id and (hint.identity, hint.setup_ref, hint.live) == ("", "", None)


def test_a_charge_names_its_attempt(desk: Desk, hooks: Receiver) -> None:
    sent = desk.pay(desk.charge())
    hint = one(desk, hooks.wait(1)[0])
    assert (hint.identity, hint.provider_ref, hint.kind) == (sent.identity, sent.refs[-1], "charge.completed")
    assert hint.says == "succeeded"


def test_a_refund_and_a_transfer_name_theirs(rich: Desk, hooks: Receiver) -> None:
    charged = rich.pay(rich.charge())
    refund = rich.pay(rich.refund(charged, 10_000))
    rich.world.advance(61)
    assert (one(rich, hooks.wait(2)[1]).identity) == refund.identity
    paid = rich.pay(payout())
    rich.world.do(rich.mount, "end_transfer", reference=paid.identity, status="SUCCESSFUL")
    hint = one(rich, hooks.wait(3)[2])
    assert (hint.identity, hint.provider_ref) == (paid.identity, paid.refs[-1])


def test_what_comes_twice_is_one_event_and_what_changed_is_another(desk: Desk, hooks: Receiver) -> None:
    desk.world.fault("hook_duplicate", provider=desk.mount, times=2)
    desk.pay(desk.charge())
    assert len({one(desk, taken).event_id for taken in hooks.wait(3)}) == 1
    desk.world.clear_faults()
    desk.pay(desk.charge())
    assert len({one(desk, taken).event_id for taken in hooks.wait(4)}) == 2


def test_v3_names_no_event_so_object_and_status_make_it(v3: Desk) -> None:
    def event_id(**data: Any) -> str:
        event = {"event": "transfer.completed", "data": {"id": 5, "status": "SUCCESSFUL", **data}}
        return v3.provider.parse_webhook(*signed(v3, event))[0].event_id

    assert event_id() == event_id(amount="7") != event_id(status="FAILED") != event_id(id=6)


def test_a_replay_of_two_days_ago_is_the_same_event(desk: Desk, hooks: Receiver) -> None:
    """No time is signed but the event's own, which a late try carries unchanged: it is known by its id."""
    desk.world.fault("hook_replay", provider=desk.mount)
    desk.pay(desk.charge())
    desk.world.quiet()
    desk.world.advance(2 * 86_400 + 1)
    first, again = hooks.wait(2)
    assert one(desk, first) == one(desk, again)


def test_a_wrong_signature_and_other_bytes_of_the_same_meaning(v4: Desk) -> None:
    taken = Receiver()
    try:
        v4.world.configure("flutterwave", webhook_url=taken.url)
        v4.world.fault("hook_wrong_signature", provider="flutterwave", count=1)
        v4.pay(v4.charge())
        taken.wait(1)
        v4.world.fault("hook_reserialised", provider="flutterwave", count=1)
        v4.pay(v4.charge())
        for each in taken.wait(2):
            with pytest.raises(Refusal):
                one(v4, each)
    finally:
        taken.close()


def test_before_our_own_answer_it_names_what_is_found(v4: Desk, as_version: Any) -> None:
    taken = Receiver()
    try:
        v4.world.configure("flutterwave", webhook_url=taken.url)
        v4.world.give(AVAILABLE, "NGN", 1)
        v4.world.fault("hook_before_answer", provider="flutterwave")
        v4.world.fault("reset_after_success", provider="flutterwave", count=1)
        sent = v4.prepare(v4.charge())
        v4.send(sent)
        hint = one(v4, taken.wait(1)[0])
        assert hint.identity == sent.identity and v4.look(sent).provider_ref == hint.provider_ref
    finally:
        taken.close()
