"""Access tokens of ten minutes: had on demand, once for all; refused in mid-batch, had anew once; never shown."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.models import F

from engine.core import crypt
from engine.providers import registry
from engine.providers.base import Outcome, ProviderUnavailable
from engine.providers.edge import tokens
from engine.providers.edge.models import AccessToken
from engine.providers.flutterwave.provider import Flutterwave
from engine.providers.tasks import warm_tokens
from tests.flutterwave.conftest import Change
from tests.flutterwave.desk import Desk

NAME = "engine.providers.flutterwave.provider.Flutterwave"


@pytest.fixture
def v4(as_version: Callable[[str], Desk], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The provider as the registry has it, with tokens of ten minutes."""
    found = as_version("v4")
    found.world.configure("flutterwave-idp", token_seconds=600)
    monkeypatch.setattr(django_settings, "PROVIDERS", {"flutterwave": NAME})
    registry.get.cache_clear()
    provider = registry.get("flutterwave")
    assert isinstance(provider, Flutterwave)
    found.provider = provider
    return found


def fetched(desk: Desk) -> int:
    """How often a token was had."""
    return len([row for row in desk.world.requests(provider="flutterwave-idp") if row["status"] == 200])


def age(seconds: float) -> None:
    """The token is older by so much, and no process remembers it."""
    span = timedelta(seconds=seconds)
    AccessToken.objects.update(fetched_at=F("fetched_at") - span, expires_at=F("expires_at") - span)
    tokens.forget()


def together(count: int, act: Callable[[], Any]) -> list[Any]:
    barrier = threading.Barrier(count)

    def one(_: int) -> Any:
        barrier.wait()
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_a_charge_has_its_token_by_itself(v4: Desk) -> None:
    """No beat, no task: the flow works without the entry that keeps it warm (D18)."""
    for _ in range(3):
        assert v4.pay(v4.charge()).found.outcome is Outcome.SUCCEEDED  # type: ignore[union-attr]
    assert fetched(v4) == 1
    age(560)  # before it ends, not after
    assert v4.pay(v4.charge()).found.outcome is Outcome.SUCCEEDED  # type: ignore[union-attr]
    assert fetched(v4) == 2


def test_eight_drivers_have_it_once(v4: Desk) -> None:
    one = v4.charge()
    together(8, lambda: v4.provider.context([one]))
    assert fetched(v4) == 1


def test_a_token_that_is_stale_in_mid_batch_is_had_anew_once(v4: Desk) -> None:
    batch = [v4.prepare(v4.charge()) for _ in range(12)]
    age(100)
    v4.provider.context([batch[0].payable])
    assert v4.send(batch[0]).outcome is Outcome.SUCCEEDED
    v4.world.fault("token_expired", provider="flutterwave", count=1)
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(v4.send, batch[1:]))
    assert {found.outcome for found in said} == {Outcome.NOT_LEFT}
    assert {found.code for found in said} <= {"credentials_refused", "token_awaited"}
    assert fetched(v4) == 1, "the threads that send have none: they read no database"
    again = [v4.prepare(each.payable) for each in batch[1:]]
    with ThreadPoolExecutor(4) as pool:
        assert {found.outcome for found in pool.map(v4.send, again)} == {Outcome.SUCCEEDED}
    assert fetched(v4) == 2 and len(v4.moved()) == 12


def test_a_look_up_with_a_stale_token_is_made_with_the_next(v4: Desk) -> None:
    sent = v4.pay(v4.charge())
    age(100)
    v4.world.fault("token_expired", provider="flutterwave", count=1)
    with pytest.raises(ProviderUnavailable) as refused:
        v4.look(sent)
    assert refused.value.code == "credentials_refused"
    assert v4.look(sent).outcome is Outcome.SUCCEEDED and fetched(v4) == 2


def test_a_token_endpoint_that_is_down_makes_all_wait_and_fails_nobody(v4: Desk) -> None:
    v4.world.fault("500_before", provider="flutterwave-idp")
    one = v4.charge()
    with pytest.raises(ProviderUnavailable) as waits:
        v4.provider.context([one])
    assert waits.value.code == "token_unavailable"
    v4.world.clear_faults()
    AccessToken.objects.update(leased_until=None)  # a second later
    assert v4.pay(one).found.outcome is Outcome.SUCCEEDED  # type: ignore[union-attr]


def test_wrong_credentials_are_said_by_name(v4: Desk) -> None:
    v4.world.configure("flutterwave-idp", client_secret="another")
    with pytest.raises(
        ProviderUnavailable, match="FLUTTERWAVE_CLIENT_ID and FLUTTERWAVE_CLIENT_SECRET were refused"
    ):
        v4.provider.context([v4.charge()])


def test_the_beat_keeps_it_warm(v4: Desk) -> None:
    assert warm_tokens.apply().result == {"renewed": 1}
    assert warm_tokens.apply().result == {"renewed": 0}
    age(490)  # on demand it would do for 50 s still; the next beat is in 60
    assert warm_tokens.apply().result == {"renewed": 1}
    v4.world.fault("500_before", provider="flutterwave-idp")
    age(1000)
    assert warm_tokens.apply().result == {"renewed": 0}
    assert fetched(v4) == 2


def test_v3_has_none_to_keep_warm(v4: Desk, change: Change) -> None:
    change(flutterwave_api_version="v3")
    registry.get.cache_clear()
    assert registry.token_sources() == [] and warm_tokens.apply().result == {"renewed": 0}


def test_it_is_in_no_log_and_nowhere_in_clear(
    v4: Desk, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        sent = v4.pay(v4.charge())
        v4.look(sent)
        v4.world.fault("auth_revoked", provider="flutterwave", count=1)
        refused = v4.pay(v4.charge())
    text = next(iter(tokens._memory.values())).text
    assert text.startswith("eyJ") and crypt.unseal(bytes(AccessToken.objects.get().sealed)) == text.encode()
    shown = f"{caplog.text}{capsys.readouterr()}{sent}{refused}{v4.provider.__dict__}"
    assert text not in shown and "secret_simulator" not in shown
    row = str(vars(AccessToken.objects.get()))
    assert text not in row and "secret_simulator" not in row
