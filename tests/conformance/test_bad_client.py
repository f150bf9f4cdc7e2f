"""Clients that break one rule each, on the same engine and the same adapters: the suite's own judge must see it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any
from uuid import UUID

import pytest

from engine.providers import registry
from engine.providers.base import Asked, FailureClass, Finding, Outcome, Sendable
from tests.conformance.driven import Driven

LOST = "reset after success"


class Careless:
    """An adapter whose replies are read wrongly; everything else is the adapter's own."""

    def __init__(self, adapter: Any) -> None:
        self._adapter = adapter
        if hasattr(adapter, "submit_in_steps"):
            self.submit_in_steps = self._in_steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def submit(self, sendable: Sendable) -> Finding:
        return self.read(self._adapter.submit(sendable))

    def _in_steps(self, sendable: Sendable) -> Generator[Finding, None, Finding]:
        return self.read((yield from self._adapter.submit_in_steps(sendable)))

    def read(self, found: Finding) -> Finding:
        """What this client makes of a reply."""
        raise NotImplementedError


class NewKeyEachTry(Careless):
    """No answer is taken for "it did not leave": the next try has a key of its own."""

    def read(self, found: Finding) -> Finding:
        if found.outcome is not Outcome.UNKNOWN:
            return found
        return Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, found.code, found.message)

    def lookup(self, asked: Sequence[Asked]) -> dict[UUID, Finding]:
        """ "Not there" is taken for "never will be"."""
        gone = Finding(Outcome.ABSENT, code="not_found")
        vain = (Outcome.MISSING, Outcome.UNKNOWN)
        found: dict[UUID, Finding] = self._adapter.lookup(asked)
        return {one: gone if each.outcome in vain else each for one, each in found.items()}


class TimeoutIsFailure(Careless):
    """No answer is taken for a refusal."""

    def read(self, found: Finding) -> Finding:
        if found.outcome is not Outcome.UNKNOWN:
            return found
        return Finding(Outcome.DECLINED, FailureClass.SOFT_DECLINE, "timeout", found.message)


@pytest.mark.parametrize("careless", [NewKeyEachTry, TimeoutIsFailure])
def test_it_is_caught(driven: Driven, careless: type[Careless], monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = driven.provider
    wrapped = careless(adapter)
    with monkeypatch.context() as swapped:
        swapped.setattr(registry, "get", lambda name: wrapped)
        hit = driven.charge()
        driven.outside.fault(LOST)
        driven.settle(hit)
        with pytest.raises(AssertionError, match="moved"):
            driven.judge(hit)
    driven.outside.forget()
