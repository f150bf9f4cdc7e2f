"""The tests can fail: senders that break one rule each are caught by the same verdict."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.live.house import House, house
from sandbox.live.servers import Servers
from sandbox.prove import senders


@pytest.fixture(scope="module")
def careless(given: Servers) -> Iterator[House]:
    """A house that also has the naive senders."""
    with house(given, settings={"SANDBOX_PROVIDERS": senders.PROVIDERS}) as made:
        made.staff(money=1, io=1)
        yield made


def pay_all_unheard(careless: House, provider: str) -> None:
    """A period of three who pay by this sender, and no first answer arrives."""
    cohort = careless.subscribe(3, provider=provider)
    careless.chain.net.fault("lost", methods=["sendTransaction"], count=3)
    careless.make_due(cohort)
    assert careless.settle()


def test_signing_anew_on_an_error_pays_twice(careless: House) -> None:
    pay_all_unheard(careless, senders.SIGNS_ANEW)
    verdict = careless.verdict(books=False)
    assert verdict.double, verdict
    assert verdict.on_chain > verdict.payments


def test_taking_silence_for_a_refusal_loses_money(careless: House) -> None:
    pay_all_unheard(careless, senders.GIVES_UP)
    verdict = careless.verdict(books=False)
    assert any("is failed in the books" in each for each in verdict.missing), verdict
    assert verdict.on_chain > verdict.succeeded
