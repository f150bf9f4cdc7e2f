"""Whose fault a failed transaction was, by the step that failed and its error: nobody dunned for ours."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.providers.solana import decline
from engine.providers.solana.checks import Trouble

STEPS = ["marker", "open_payee", "pay", "open_fee", "fee", "memo"]
TERMS = SimpleNamespace(source="source", payee_account="payee", fee_account="ours")


def of(step: str, reason: Any) -> dict[str, Any]:
    return {"InstructionError": [STEPS.index(step), reason]}


@pytest.mark.parametrize(
    ("err", "trouble"),
    [
        ("InsufficientFundsForFee", Trouble.FEE_PAYER_EMPTY),
        ({"InsufficientFundsForRent": {"account_index": 0}}, Trouble.FEE_PAYER_EMPTY),
        ("AccountNotFound", Trouble.FEE_PAYER_EMPTY),
        (of("marker", {"Custom": 1}), Trouble.FEE_PAYER_EMPTY),
        (of("open_payee", {"Custom": 1}), Trouble.FEE_PAYER_EMPTY),
        (of("open_fee", {"Custom": 1}), Trouble.FEE_PAYER_EMPTY),
        (of("open_payee", {"Custom": 9}), Trouble.PROGRAM_ERROR),
        (of("memo", "ProgramFailedToComplete"), Trouble.PROGRAM_ERROR),
        (of("pay", {"Custom": 99}), Trouble.PROGRAM_ERROR),
        (of("pay", "ComputationalBudgetExceeded"), Trouble.PROGRAM_ERROR),
        ({"InstructionError": [77, {"Custom": 1}]}, Trouble.PROGRAM_ERROR),
        ("SomethingNew", Trouble.PROGRAM_ERROR),
        (None, Trouble.PROGRAM_ERROR),
    ],
)
def test_what_is_not_the_payers_fault_is_not_called_so(err: Any, trouble: Trouble) -> None:
    assert why(err, {"source": 100, "payee": 0, "ours": 0}) is trouble


@pytest.mark.parametrize(
    ("step", "there", "trouble"),
    [
        ("pay", ("payee", "ours"), Trouble.ACCOUNT_CLOSED),
        ("pay", ("source", "ours"), Trouble.DESTINATION_UNUSABLE),
        ("fee", ("source", "payee"), Trouble.DESTINATION_UNUSABLE),
        ("pay", ("source", "payee", "ours"), Trouble.PROGRAM_ERROR),
    ],
)
@pytest.mark.parametrize("reason", sorted(decline.MISSING_ACCOUNT))
def test_a_missing_account_is_whose_it_is(
    step: str, there: tuple[str, ...], trouble: Trouble, reason: str
) -> None:
    assert why(of(step, reason), dict.fromkeys(there, 100)) is trouble


def why(err: Any, before: dict[str, int]) -> Trouble:
    landed: Any = SimpleNamespace(err=err, before=before)
    terms: Any = TERMS
    return decline.why(landed, steps=STEPS, terms=terms, delegate="d", amount_minor=50, accounts={})
