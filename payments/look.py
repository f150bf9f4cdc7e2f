"""A person's look at a closed attempt: the provider is asked once more, and what it says is evidence like any other.

The workers look up what is unresolved alone. Of what had been given up and was seen after all, only such a look says
whether it moved money: what did is then booked (I5), and its case can be closed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from engine.audit.act import check_reason, note
from engine.core import clock, sql
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.providers import registry
from engine.providers.base import Asked, Finding, Outcome, ProviderUnavailable, Sheet
from payments.models import Attempt, Case, Evidence
from payments.pipeline import asking, evidence, spans
from payments.pipeline.apply import FAILED
from payments.pipeline.decision import ANOTHER_AMOUNT
from payments.pipeline.evidence import Said

NOT_APPLIED = (
    "evidence_failed"  # what was said of it could not be applied: perhaps that a success was taken back
)
NEEDS_A_LOOK = ("seen_after_end", "reply_after_end", NOT_APPLIED)
_CLOSED = (Attempt.State.DECLINED, Attempt.State.NOT_SENT, Attempt.State.SUCCEEDED)
_FINAL = (Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.REVERSED)


class Found(NamedTuple):
    """What the provider said of an attempt; machine time before it was asked."""

    attempt: Attempt
    finding: Finding
    asked_at: datetime


def ask(attempt_id: UUID) -> Found:
    """Ask the provider of a closed attempt what became of it. Reads and calls out.

    Raises RuntimeError inside a transaction (I3); Refusal if the attempt is not closed, there is nothing to
    ask by, or nobody answers.
    """
    return question(_closed(attempt_id))


def question(attempt: Attempt) -> Found:
    """The same of any attempt, read with its payment. Reads and calls out. Raises as `ask`."""
    if not sql.outside_transaction():
        raise RuntimeError("a transaction is open across a network call (I3)")
    known, provider = evidence.known(attempt.pk), registry.get(attempt.provider)
    if not asking.can_be_asked(provider.sheet, known):
        raise Refusal("nothing_to_ask_by", "the provider finds it by its own id alone, and never named one",
                      param="attempt")  # fmt: skip
    payment, asked_at = attempt.payment, clock.machine_now()
    asked = Asked(
        attempt.pk, payment.pk, payment.operation, attempt.identity, attempt.data, payment.amount_minor,
        payment.fee_minor, payment.currency, payment.instructions, known,
    )  # fmt: skip
    try:
        finding = provider.lookup([asked]).get(attempt.pk)
    except ProviderUnavailable as fault:
        raise _silent(attempt.provider, fault.message or fault.code) from fault
    if finding is None:
        raise _silent(attempt.provider, "it can't say it now; ask again")
    return Found(attempt, finding, asked_at)


def _silent(provider: str, why: str) -> Refusal:
    return Refusal("provider_unavailable", f"{provider} can't be asked now: {why}", param="provider")


def keep(found: Found, *, reason: str, by: Actor) -> None:
    """Store what was said, as a look's evidence; apply acts on it. Writes."""
    by.must_be(Role.OPERATOR, "look_up")
    check_reason(reason)
    one, said = found.attempt, found.finding
    with sql.transaction.atomic():
        evidence.store([Said(one.pk, one.payment_id, one.send_no, Evidence.Source.LOOKUP, said)],
                       observed_at=found.asked_at)  # fmt: skip
        told = {"said": said.outcome.value, "code": said.code}
        note(by, "look_up", Attempt, one.pk, reason=reason, after=told)


def look_up(attempt_id: UUID, *, reason: str, by: Actor) -> None:
    """Both. Inside a transaction (a preview) only the refusals; nobody is asked."""
    by.must_be(Role.OPERATOR, "look_up")
    check_reason(reason)
    if not sql.outside_transaction():
        _closed(attempt_id)
        return
    keep(ask(attempt_id), reason=reason, by=by)


def must_be_known(case: Case) -> None:
    """Raises Refusal unless what was seen is booked, or the newest look since shows that it moves no money.

    Where something was said of what is booked and could not be applied, that look must have been applied. Where the
    provider can never prove absence, or nothing is known by which it can be asked, a person decides on what there is;
    never against a look that sees it still, or paid.
    """
    if case.kind not in NEEDS_A_LOOK or case.attempt_id is None:
        return
    attempt = Attempt.objects.defer("envelope").get(pk=case.attempt_id)
    sheet, booked = registry.get(attempt.provider).sheet, attempt.state == Attempt.State.SUCCEEDED
    if booked and case.kind != NOT_APPLIED:
        return
    if not asking.can_be_asked(sheet, evidence.known(attempt.pk)):
        return
    looks = Evidence.objects.filter(attempt=attempt, source="lookup", observed_at__gt=case.opened_at)
    newest = looks.order_by("-observed_at", "-pk").first()
    if newest is None:
        raise Refusal(
            "look_first", "look its attempt up first: what was seen may have moved money", param="case"
        )
    if newest.applied_at is None:
        raise Refusal("evidence_waits", "evidence of it is not applied yet; try again", param="case")
    told = newest.outcome in _FINAL if booked else _moves_nothing(newest, attempt, sheet)
    if newest.verdict.startswith(FAILED) or not (newest.verdict.startswith(ANOTHER_AMOUNT) or told):
        raise Refusal(
            "not_proved", f"the last look ({newest.outcome}) does not show that it moves no money, or could not be "
            "applied; look again later", param="case",
        )  # fmt: skip


def _moves_nothing(newest: Evidence, attempt: Attempt, sheet: Sheet) -> bool:
    """Refused for good; or absent, and read no earlier than the workers may (I4)."""
    if newest.outcome == Outcome.DECLINED:
        return True
    certain = attempt.payment.operation in sheet.absence_certain
    enough = {Outcome.ABSENT} if certain else {Outcome.ABSENT, Outcome.MISSING, Outcome.UNKNOWN}
    readable = attempt.send_by + timedelta(seconds=spans.absence(sheet))
    return newest.outcome in enough and newest.observed_at >= readable


def _closed(attempt_id: UUID) -> Attempt:
    found = Attempt.objects.select_related("payment").defer("envelope").filter(pk=attempt_id).first()
    if found is None:
        raise Refusal("attempt_unknown", f"there is no attempt {attempt_id}", param="attempt")
    if found.state not in _CLOSED:
        raise Refusal("attempt_not_closed", f"it is {found.state}: what is open is looked up by the workers",
                      param="attempt")  # fmt: skip
    return found
