"""What of a case's money its payer disputes, or has had back by a dispute: it is not applied, nor given back once more.

The one question of both verbs that decide about money outside a payment's account (payments/suspense.py). The answer is
by the charge: a payment may have had several, and a dispute that no payment bears names one, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.core import money
from engine.core.errors import Refusal
from payments import dispute_books, states
from payments.models import Case, Dispute, Evidence
from payments.pipeline.in_suspense import Held


def lost(case: Case) -> list[Dispute]:
    """The disputes of its money that were lost. Reads. Raises Refusal "payment_disputed" while one is open."""
    if case.about.operation != "charge":
        return []
    found = list(_of(case))
    if any(one.state in states.OPEN_DISPUTE for one in found):
        raise Refusal("payment_disputed", "its payer disputes it: that is decided first", param="case")
    return [one for one in found if one.state == Dispute.State.LOST]


def must_be_there(case: Case) -> None:
    """Raises Refusal while a dispute of its money is open, and where one took it. Reads.

    What its payment counts as disputed is applied all the same: its payee bears it out of just that.
    """
    if any(not one.counted_minor for one in lost(case)):
        raise Refusal("dispute_lost", "its payer had it back by a dispute: return it, and nothing of that is given "
                      "back again", param="case")  # fmt: skip


def cover(case: Case, held: Sequence[Held]) -> int:
    """Book that what leaves by the mirror of `held` went by a dispute: no loss of the platform's. Writes; how much.

    The dispute took it from the provider, and so does the mirror: once of the two is taken back. Raises Refusal while
    a dispute is open, and for one that the payment's payee bears already.
    """
    found = lost(case)
    if any(one.counted_minor for one in found):
        raise Refusal("dispute_lost", "its payer had it back by a dispute, and its payee bears that: apply it",
                      param="case")  # fmt: skip
    covered = 0
    for one in found:
        there = sum(
            each.amount_minor for each in held if _lay_at(case, each) and each.currency == one.currency
        )
        minor = min(one.amount_minor, there - covered)
        if minor > 0:
            dispute_books.covered(one, minor)
            covered += minor
    return covered


def told(minor: int, currency: str) -> str:
    """What was covered, for the case's resolution."""
    return f"of which its payer had {money.shown(minor, currency)} back by a dispute"


def _lay_at(case: Case, held: Held) -> bool:
    """Whether it lay at the provider: what went to the payee directly no dispute took from there."""
    return held.debit == case.about.accounts.get("clearing")


def _of(case: Case) -> Sequence[Dispute]:
    """By all that the provider calls what came: the charges of the case's attempt, or of its payment's."""
    said = Evidence.objects.filter(payment_id=case.about.pk)
    if case.attempt_id is not None:
        said = said.filter(attempt_id=str(case.attempt_id))
    names = {name for both in said.values_list("movement_id", "provider_ref") for name in both} - {""}
    disputes = Dispute.objects.filter(provider=case.about.provider, charge_ref__in=sorted(names))
    return list(disputes.order_by("created_at"))
