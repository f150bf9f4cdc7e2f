"""What every test may use: a clean registry of providers, and short time spans."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from engine.core import collector
from engine.ledger import accounts
from engine.providers import registry
from sandbox.live import servers
from sandbox.live.servers import FIRST_NUMBER, Servers, numbered
from sandbox.run import databases
from tests import order, skips

_skipped: Counter[tuple[str, str]] = Counter()
_given = frozenset(settings.ENV.model_fields_set)


@pytest.hookimpl(trylast=True)  # what `-k` leaves out is out by then
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = order.dealt(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def pytest_collection_finish() -> None:
    """Thousands of tests stay in memory until the end: the cycle collector leaves them alone."""
    collector.loaded()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if found := skips.skipped(report):
        _skipped[found] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In the process that hears of all: whoever is skipped beyond tests/skips.py fails the run."""
    if _beyond(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for line in _beyond(config):
        terminalreporter.write_line(f"tests/skips.py: {line}", red=True)


def _beyond(config: pytest.Config) -> list[str]:
    own = hasattr(config, "workerinput") or os.environ.get("TEST_LIVE")
    return [] if own else skips.beyond(_skipped)


@pytest.fixture(scope="session", autouse=True)
def _own_queue() -> None:
    """A queue database for each process of the tests: breakers, limits and wake-ups are shared by all who share one.

    The low numbers; houses of their own take theirs from above (sandbox/live/servers.py).
    """
    process = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if process.isdecimal() and int(process) + 1 < FIRST_NUMBER:
        settings.CELERY_BROKER_URL = numbered(settings.CELERY_BROKER_URL, int(process) + 1)


@pytest.fixture(scope="session", autouse=True)
def _static_files_when_asked_for() -> None:
    """Each test has a client of its own, and each client's first request would read all static files there are."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _no_memory_between_tests() -> Iterator[None]:
    """Ids of ledger accounts and built providers are remembered per process; databases come and go. What a test set
    and put back was not given by the environment."""
    settings.ENV.model_fields_set.intersection_update(_given)
    accounts.forget()
    yield
    accounts.forget()
    registry.get.cache_clear()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None) -> Iterator[None]:
    """A database for each process of the tests, copied from the one that is migrated for all; gone afterwards.

    In place of pytest-django's, which has each process run all migrations.
    """
    url, real = settings.ENV.database_url, connection.settings_dict["NAME"]
    own = "_".join(filter(None, ("test", real, os.environ.get("PYTEST_XDIST_WORKER"))))
    template = servers.template(Servers(url, settings.CELERY_BROKER_URL, {}), dict(os.environ))
    databases.drop(url, own)
    databases.create(url, own, template=template)
    connections.close_all()
    connection.settings_dict["NAME"] = own
    yield
    connections.close_all()
    connection.settings_dict["NAME"] = real
    databases.drop(url, own)


@pytest.fixture(scope="session")
def empty_database(django_db_setup: None) -> str:
    """The name of the migrated test database, for fixtures that commit."""
    return str(connection.settings_dict["NAME"])


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tenths of seconds instead of minutes."""
    for name, value in {
        "take_seconds": 0.5,
        "send_window_seconds": 0.2,
        "send_deadline_seconds": 0.1,
        "verify_first_seconds": 0.01,
        "watch_seconds": 0.01,
        "payment_retry_delay": 10,
    }.items():
        monkeypatch.setattr(settings.ENV, name, value)
