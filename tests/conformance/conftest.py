"""One database for the module, one simulator for the session, and the provider that is tried."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.conf import settings as django_settings

from config import gateways as config
from engine.providers import registry
from engine.providers.edge.models import AccessToken
from payments import switches
from sandbox.gateways.control import Gateways
from sandbox.localnet.control import Localnet
from tests.conformance import sandboxes
from tests.conformance.driven import Driven
from tests.conformance.faults import HANGING
from tests.conformance.outsides import OUTSIDES, OnGateway, OnSolana, Outside
from tests.databases import own_copy
from tests.edge.conftest import begin_afresh
from tests.gateways.receiver import Receiver

SPANS = {
    "take_seconds": 5.0,
    "send_window_seconds": 5.0,
    "send_deadline_seconds": 5.0,
    "verify_first_seconds": 0.01,
    "payment_retry_delay": 10,
    "park_unknown_seconds": 86_400.0,
    "breaker_failures": 1000,
    "grace_period": 0,  # who has too little is tried at once
}


@pytest.fixture(scope="package")
def simulator() -> Iterator[Gateways]:
    with Gateways.start() as gateways:
        yield gateways


@pytest.fixture(scope="package")
def chain() -> Iterator[Localnet]:
    with Localnet.start(slot_ms=20) as net:
        yield net


@pytest.fixture(scope="module")
def committed(empty_database: str, django_db_blocker: Any) -> Iterator[None]:
    """Rows that every test of the module adds to: append-only tables refuse to be emptied."""
    with django_db_blocker.unblock(), own_copy(empty_database):
        yield


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the source of kind "test" was told."""
    told: list[Any] = []
    monkeypatch.setitem(django_settings.SOURCES, "test", "tests.conformance.conftest.hook")
    monkeypatch.setattr("tests.conformance.conftest.listener", told.extend)
    return told


def listener(changes: list[Any]) -> None:
    raise AssertionError("the fixture `heard` sets this")


def hook(changes: list[Any]) -> None:
    listener(changes)


def _worlds() -> Mapping[str, type[Outside]]:
    """The simulator's and the localnet; `make test-live` has the providers' own sandboxes instead."""
    if not os.environ.get("TEST_LIVE"):
        return OUTSIDES
    try:
        return sandboxes.found(os.environ)
    except sandboxes.NotASandbox as fault:
        raise pytest.UsageError(f"make test-live: {fault}") from None


WORLDS = _worlds()


@pytest.fixture(params=WORLDS, ids=list(WORLDS))
def driven(
    request: pytest.FixtureRequest, committed: None, heard: list[Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Driven]:
    """The provider of that outside world, as the only one, with nothing remembered."""
    outside = _world(WORLDS[request.param], request)
    if reason := outside.not_declared.get(getattr(request.node, "originalname", "")):
        pytest.skip(reason)
    outside.hasty = request.node.callspec.params.get("name") in HANGING
    with outside.prepared():
        use(outside, monkeypatch)
        yield Driven(outside.name, outside)
    registry.get.cache_clear()


@pytest.fixture
def hooks(driven: Driven) -> Iterator[Receiver]:
    """Where the gateway's callbacks go: they are kept as they came, and a test brings them to our door."""
    assert isinstance(driven.outside, OnGateway), "a chain calls nobody back"
    found = Receiver()
    driven.outside.call_back(found.url)
    yield found
    found.close()


def _world(kind: type[Outside], request: pytest.FixtureRequest) -> Outside:
    if issubclass(kind, sandboxes.Sandbox):
        return kind(os.environ)
    if issubclass(kind, OnSolana):
        return kind(request.getfixturevalue("chain"))
    assert issubclass(kind, OnGateway)
    return kind(request.getfixturevalue("simulator"))


def use(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its provider is the only one from now on."""
    spans = SPANS | {"send_deadline_seconds": 0.5} if outside.hasty else SPANS
    env = django_settings.ENV.model_copy(update=spans | outside.settings())
    monkeypatch.setattr(django_settings, "ENV", env)
    found = {outside.name: outside.path} if outside.path else config.adapters(env)
    monkeypatch.setattr(django_settings, "PROVIDERS", {outside.name: found[outside.name]})
    registry.get.cache_clear()
    begin_afresh()
    AccessToken.objects.all().delete()  # of a simulator that has forgotten it
    switches.seed()
