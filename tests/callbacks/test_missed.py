"""What a provider had to tell and no callback brought is asked for: once, from where the last answer ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import DataError

from engine.core import clock
from engine.providers.abilities import Hint, Told
from engine.providers.base import ProviderUnavailable
from engine.providers.unread import Unread
from payments.callbacks import missed
from payments.callbacks.models import AskedFor, Callback
from payments.models import Case
from tests.payments.scripted import Telling


class Kept:
    """What the provider keeps: (when, event id). It is asked for spans of time."""

    def __init__(self) -> None:
        self.events: list[tuple[datetime, str]] = []
        self.asked: list[tuple[datetime, datetime]] = []
        self.down = False
        self.odd: list[Unread] = []

    def told(self, since: datetime, until: datetime) -> Iterator[Told | Unread]:
        self.asked.append((since, until))
        yield from self.odd
        for at, event_id in self.events:
            if since <= at < until:
                yield Told(json.dumps({"id": event_id}).encode(), Hint(event_id, "paid", identity="nobody's"))
        if self.down:
            raise ProviderUnavailable("timeout", "no answer in time")


@pytest.fixture
def kept(gateway: Telling, monkeypatch: pytest.MonkeyPatch) -> Kept:
    found = Kept()
    monkeypatch.setattr(gateway, "told", found.told, raising=False)
    return found


def test_what_no_callback_brought_is_kept_once_and_what_came_is_left_alone(tell, kept):
    now = clock.machine_now()
    kept.events = [(now - timedelta(hours=ago), f"e-{ago}") for ago in (3, 2, 1)] + [(now, "e-0")]
    tell(event_id="e-2", identity="nobody's")
    assert missed.ask() == {"missed": 2, "silent": 0}
    there = Callback.objects.values_list("event_id", "state", "deliveries")
    assert set(there) == {(f"e-{ago}", "waiting", 1) for ago in (3, 2, 1)}, "e-0 may still come by itself"
    assert Callback.objects.get(event_id="e-3").headers == {"asked-for": "no callback brought it"}
    before = len(kept.asked)
    assert missed.ask() == {"missed": 0, "silent": 0}
    assert len(kept.asked) <= before + 1, "what was answered to its end is not asked again"


def test_one_that_can_not_be_kept_hides_none_that_was_told_after_it(kept, monkeypatch):
    now, keep = clock.machine_now(), missed.keep
    kept.events = [(now - timedelta(hours=ago), f"e-{ago}") for ago in (3, 2)]

    def odd(name, body, headers, hints):
        if hints[0].event_id == "e-3":
            raise DataError("a text that no column holds")
        keep(name, body, headers, hints)

    monkeypatch.setattr(missed, "keep", odd)
    kept.odd = [Unread("event", "e-9", "object is no event")]
    assert missed.ask()["missed"] == 2
    assert list(Callback.objects.values_list("event_id", flat=True)) == ["e-2"]
    told = Case.objects.filter(kind="unreadable").order_by("pk").values_list("sentence", flat=True)
    assert ["e-9" in told[0], "e-3" in told[1], len(told)] == [True, True, 2]


def test_an_answer_that_broke_off_is_asked_for_again(kept, gateway):
    """Who took it for the whole would never hear of what came after."""
    now = clock.machine_now()
    AskedFor.objects.create(provider="scripted", asked_until=now - timedelta(minutes=20))
    kept.down = True
    assert missed.ask() == {"missed": 0, "silent": 1}
    kept.down, kept.events = False, [(now - timedelta(minutes=15), "e-1")]
    assert missed.ask() == {"missed": 1, "silent": 0}
    assert [since for since, _ in kept.asked] == [now - timedelta(minutes=20)] * 2
