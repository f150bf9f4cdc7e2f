"""One call that may move money: sent once, and what it came to is a finding in any case."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.providers.base import Finding
from engine.providers.edge.faults import Fault
from engine.providers.stripe import refusal
from engine.providers.stripe.client import Api, Refused
from engine.providers.stripe.reading import Json, judged

if TYPE_CHECKING:
    from stripe._v1_services import V1Services

OnRefused = Callable[[Refused], Finding]


def send_once(
    api: Api,
    operation: str,
    call: Callable[[V1Services], Any],
    judge: Callable[[Json], Finding],
    *,
    refused: OnRefused = refusal.of_refused,
) -> Finding:
    """Calls out; never raises for the world's faults. `judge` reads the object, `refused` an error."""
    try:
        heard = api.ask(operation, call, moves=True)
    except Fault as fault:
        return refusal.of_fault(fault)
    except Refused as error:
        return refused(error)
    return judged(heard, judge)
