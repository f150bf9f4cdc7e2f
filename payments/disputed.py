"""What of a case's money its payer disputes, or has had back by a dispute: it is not applied, nor given back once more.

The one question of both verbs that decide about money outside a payment's account (payments/suspense.py). The answer is
by the charge: a payment may have had several, and a dispute that no payment bears names one, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.core import money
from engine.core.errors import Refusal
from payments import dispute_books, setup_charge, states
from payments.models import Case, Dispute, Evidence
from payments.pipeline.in_suspense import Held


def lost(case: Case) -> list[Dispute]:
    """The disputes of its money that were lost. Reads. Raises Refusal "payment_disputed" while one is open."""
    if case.about.operation != "charge" and case.kind != setup_charge.CASE:
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
    return _cover(found, [(each.currency, each.amount_minor) for each in held if _lay_at(case, each)])


def cover_setup(case: Case, minor: int) -> int:
    """The same of what is left of a set-up's money, which a person says to have given back. Writes; raises likewise."""
    return _cover(lost(case), [(case.about.currency, minor)])


def _cover(found: Sequence[Dispute], lay: Sequence[tuple[str, int]]) -> int:
    covered = 0
    for one in found:
        there = sum(minor for currency, minor in lay if currency == one.currency)
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
    """By all that the provider calls what came."""
    disputes = Dispute.objects.filter(
        provider=case.about.provider, charge_ref__in=sorted(_names(case) - {""})
    )
    return list(disputes.order_by("created_at"))


def _names(case: Case) -> set[str]:
    """Of the charges of the case's attempt, or of its payment's; of what was paid to set a method up, of that."""
    if case.kind == setup_charge.CASE:
        charge = case.about.instructions["charge"]
        return {charge["movement_id"], charge["provider_ref"]}
    said = Evidence.objects.filter(payment_id=case.about.pk)
    if case.attempt_id is not None:
        said = said.filter(attempt_id=str(case.attempt_id))
    return {name for both in said.values_list("movement_id", "provider_ref") for name in both}
