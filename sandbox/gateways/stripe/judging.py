"""What becomes of a card that is charged or set up."""

from dataclasses import dataclass
from typing import Any

from sandbox.gateways.stripe import cards, money
from sandbox.gateways.stripe.mount import NAME
from sandbox.gateways.world import World

PAYS, DECLINES, ASKS, PROCESSES = "succeeded", "declined", "requires_action", "processing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``outcome`` and, of a refusal, its codes. ``then``: how what processes ends."""

    outcome: str
    code: str = ""
    decline_code: str = ""
    then: str = PAYS


def judge(world: World, row: dict[str, Any], method: dict[str, Any], *, off_session: bool) -> Verdict:
    """By a fixed outcome (/_sim/outcomes: reference, customer, method, card token or number), else by the card."""
    card = cards.BY_TOKEN[method["_token"]]
    words = [money.reference(world, row), row["id"], row.get("customer") or "", method["id"]]
    fixed = world.outcome(NAME, *words, card.token, card.number)
    if fixed:
        decline = fixed.get("decline_code", "generic_decline")
        found = Verdict(
            fixed.get("outcome", PAYS), fixed.get("code", "card_declined"), decline, fixed.get("then", PAYS)
        )
    elif card.decline:
        found = Verdict(DECLINES, card.code, card.decline)
    elif card.authenticates == "always" or (card.authenticates and not method["_authenticated"]):
        found = Verdict(ASKS)
    else:
        found = Verdict(PAYS)
    if found.outcome == ASKS and off_session:
        return Verdict(DECLINES, "authentication_required", "authentication_required")
    return found


def refusal(verdict: Verdict, method: dict[str, Any] | None, charge: str | None) -> dict[str, Any]:
    """A ``last_payment_error`` or ``last_setup_error``: members of the error envelope."""
    found = {
        "advice_code": cards.ADVICE.get(verdict.decline_code), "charge": charge, "code": verdict.code,
        "decline_code": verdict.decline_code, "message": cards.message(verdict.decline_code),
        "payment_method": method, "type": "card_error",
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}
