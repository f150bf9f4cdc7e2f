"""Stripe's own list of what it had to tell, for callbacks that never came."""

from __future__ import annotations

import json
from datetime import timedelta

from engine.core import clock
from engine.providers.abilities import Told
from engine.providers.stripe import events
from payments.callbacks import missed
from payments.callbacks.models import Callback
from tests.stripe.shop import Shop


def test_an_outage_of_hours_costs_no_event(shop: Shop, monkeypatch) -> None:
    """Nobody was there for any of them; what they name is ours, and of test money."""
    monkeypatch.setattr(missed, "ON_ITS_WAY", -timedelta(minutes=1))
    monkeypatch.setattr(events, "PAGE", 2)
    paid = [shop.send(shop.charge()) for _ in range(2)]
    now = clock.machine_now()
    listed = shop.provider.told(now - timedelta(hours=1), now + timedelta(minutes=1))
    told = [one for one in listed if isinstance(one, Told)]
    kinds = {one.hint.provider_ref: one.hint.kind for one in reversed(told)}
    assert {kinds[each.provider_ref] for each in paid} == {"payment_intent.succeeded"}
    assert all(json.loads(one.body)["id"] == one.hint.event_id for one in told)
    assert missed.ask() == {"missed": len(told), "silent": 0}
    assert set(Callback.objects.values_list("event_id", flat=True)) == {one.hint.event_id for one in told}
    assert missed.ask()["missed"] == 0
