"""`make test-live` with the simulator in a sandbox's place, reached by its address and a test key alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.providers import registry
from sandbox.gateways.control import Gateways
from sandbox.run import testlive
from tests.conformance import sandboxes
from tests.conformance.conftest import use
from tests.conformance.driven import Driven
from tests.conformance.test_conformance import TestConformance as Suite

STRIPE = {"TEST_LIVE_STRIPE_SECRET_KEY": "sk_test_simulator"}
IPAYMU = {"TEST_LIVE_IPAYMU_API_KEY": "k", "TEST_LIVE_IPAYMU_VA": "1"}
PAYSTACK = {
    "TEST_LIVE_PAYSTACK_SECRET_KEY": "sk_test_simulator",
    "TEST_LIVE_PAYSTACK_EMAIL": "p@example.com",
}


@pytest.fixture
def live(
    simulator: Gateways, committed: None, heard: list[Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Driven]:
    """Stripe's sandbox, as far as the suite can tell."""
    simulator.reset()
    environ = STRIPE | {"TEST_LIVE_STRIPE_API_BASE": f"{simulator.url}/stripe"}
    outside = sandboxes.found(environ)["stripe"](environ)
    monkeypatch.setattr(outside, "wait_seconds", 0.01)
    use(outside, monkeypatch)
    yield Driven(outside.name, outside)
    registry.get.cache_clear()


@pytest.mark.parametrize(
    "name",
    [
        "test_a_good_payer_pays_once",
        "test_each_refusal_has_its_class_and_moves_nothing",
        "test_the_same_identity_acts_once",
        "test_many_at_once_are_each_paid_once",
        "test_the_sheet_sets_limits_for_its_own_currencies_alone",
        "test_the_books_hold",
    ],
)
def test_the_suite_runs_against_an_address(live: Driven, name: str) -> None:
    getattr(Suite(), name)(live)


@pytest.mark.parametrize(
    "name",
    [
        "test_a_lost_worker_leaves_nothing_unknown",
        "test_a_worker_that_was_stopped_for_ten_minutes_does_not_send",
        "test_nothing_sent_is_never_called_paid_and_absence_takes_its_time",
    ],
)
def test_a_worker_may_die_before_a_sandbox_too(
    live: Driven, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    getattr(Suite(), name)(live, monkeypatch)


def test_a_fault_is_skipped_with_its_reason(live: Driven) -> None:
    with pytest.raises(pytest.skip.Exception, match="knows no such fault"):
        Suite().test_a_fault_costs_and_doubles_nothing(live, "timeout after success")


def test_money_that_moved_twice_is_seen(live: Driven) -> None:
    """What is compared with the books is the provider's own word, not the adapter's."""
    paid = live.charge()
    live.settle(paid)
    customer = live.payment(paid).instructions["customer"]
    method = live.payment(paid).instructions["payment_method"]
    live.outside._call("POST", "payment_intents", amount="1999", currency="usd", customer=customer,
                       payment_method=method, confirm="true", off_session="true")  # fmt: skip
    with pytest.raises(AssertionError, match="moved"):
        live.judge(paid)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "no sandbox has its key"),
        ({"STRIPE_SECRET_KEY": "sk_test_ours"}, "no sandbox has its key"),
        ({"TEST_LIVE_STRIPE_SECRET_KEY": "sk_live_1"}, "STRIPE_SECRET_KEY must start with sk_test_"),
        (PAYSTACK | {"TEST_LIVE_PAYSTACK_SECRET_KEY": "sk_live_1"}, "must start with sk_test_"),
        ({"TEST_LIVE_FLUTTERWAVE_SECRET_KEY": "FLWSECK-1"}, "must start with FLWSECK_TEST-"),
        (IPAYMU | {"TEST_LIVE_IPAYMU_URL": "https://my.ipaymu.com"}, "IPAYMU_URL is real money's"),
        (IPAYMU | {"TEST_LIVE_IPAYMU_SANDBOX": "false"}, "IPAYMU_SANDBOX is off"),
        (PAYSTACK, "PAYSTACK_AUTHORIZATION is not set, and paystack needs it"),
    ],
)
def test_real_money_and_half_a_set_are_refused(environ: dict[str, str], said: str) -> None:
    with pytest.raises(sandboxes.NotASandbox, match=said):
        sandboxes.found(environ)


def test_whoever_has_a_key_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    both = STRIPE | PAYSTACK | {"TEST_LIVE_PAYSTACK_AUTHORIZATION": "AUTH_1"}
    assert list(sandboxes.found(both)) == ["stripe", "paystack"]
    assert list(sandboxes.found(IPAYMU)) == ["ipaymu"]
    for kind in sandboxes.found(both | IPAYMU).values():
        assert set(kind.not_declared) <= set(dir(Suite))


def test_the_command_runs_the_suite_on_servers_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[tuple[str, ...], str]] = []

    class Servers:
        values = {"DATABASE_URL": "its own"}

        def __enter__(self) -> Servers:
            return self

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(testlive, "embedded", lambda *_, **__: Servers())
    monkeypatch.setattr(testlive, "step", lambda name, argv, env: ran.append((argv, env["TEST_LIVE"])) or 0)
    assert testlive.main(["-k", "stripe"]) == 0
    ((argv, switch),) = ran
    assert (
        argv[2:] == ("pytest", "tests/conformance/test_conformance.py", "-v", "-k", "stripe")
        and switch == "1"
    )
