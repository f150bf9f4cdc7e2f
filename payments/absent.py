"""A person's word that what stays unknown never took effect: the way out where a provider can't prove it (I4).

The pipeline guesses nothing: what it can neither prove nor safely send again is parked. An approver who has looked at
the provider's own books then says so; two of them above TWO_APPROVERS_ABOVE. The provider is asked once more before,
and nobody says so against a look that sees it, nor where the rail proves absence by itself and has not yet. What is
owed is sent anew under a new identity, or ends where it was called back. The old one is looked up once more later:
should it take effect after all, that is booked as late money, with a case (payments/late.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from engine.audit.act import act, check_reason, note
from engine.audit.models import Entry
from engine.core import clock, sql
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.providers import registry
from engine.providers.base import Finding, Known, Outcome
from payments import look, operate, states
from payments.models import Attempt, Evidence, Payment
from payments.pipeline import asking, evidence, hinted, park, spans
from payments.pipeline.evidence import Said

ASKED = "ask_to_declare_absent"  # the first of two has said so
LISTED_BY = timedelta(hours=1)  # after a page's end: what was begun on it at the last moment is seen by then
_KEPT = ("state", "version", "next_action_at", "parked_at", "parked_reason", "stop_code")


def ask(payment_id: UUID) -> look.Found | None:
    """What the provider says now of the attempt that is unknown; None where there is nothing to ask it by. Calls out.

    Writes nothing. Raises RuntimeError inside a transaction (I3); Refusal if nothing may be said of this payment,
    nobody answers, or the attempt is seen: then a look of the pipeline's applies that, once it is unparked.
    """
    attempt = _unknown(_found(Payment.objects.filter(pk=payment_id).first()))
    known = evidence.known(attempt.pk)
    if not asking.can_be_asked(registry.get(attempt.provider).sheet, known):
        return None
    found = look.question(attempt)
    said = found.finding
    if attempt.state != Attempt.State.PENDING and _is_not_seen(said, known):
        return found
    raise Refusal("it_is_seen", f"{attempt.provider} says {said.outcome} of it ({said.code or 'no code'}), and had it "
                  "or may have it: unpark it, and its next look goes by that", param="payment")  # fmt: skip


def keep(payment_id: UUID, found: look.Found | None, *, reason: str, by: Actor) -> None:
    """Store the look and the word as evidence and let the payment go on by them; or wait for a second approver. Writes.

    `found` is what `ask` gave. Raises Refusal as `ask`; `second_approver` if the same person says so twice.
    """
    with act(
        by, "declare_absent", Payment, payment_id, fields=_KEPT, reason=reason, role=Role.APPROVER, lock=True
    ):
        payment = _found(Payment.objects.select_for_update().filter(pk=payment_id).first())
        attempt = _unknown(payment)
        if found is not None and found.attempt.pk != attempt.pk:
            raise Refusal("asked_of_another", "it went on meanwhile: ask again", param="payment")
        operate.may_go_on(payment)
        if _takes_two(payment) and not _another_said_so(payment, by):
            note(by, ASKED, Payment, payment_id, reason=reason)
            return
        _store(attempt, reason, found)
        if found is None or not found.finding.detail.get("park"):  # else no later look can tell either
            hinted.look_after([attempt.pk])
        payment.parked_at, payment.parked_reason = None, ""
        payment.version += 1
        payment.next_action_at = clock.machine_now() + timedelta(seconds=spans.take())  # applied by then
        payment.save(update_fields=[*_KEPT, "stop_reason"])
        park.tell_unparked(payment, reason)


def declare_absent(payment_id: UUID, *, reason: str, by: Actor) -> None:
    """Both. Inside a transaction (a preview) only the refusals; nobody is asked."""
    by.must_be(Role.APPROVER, "declare_absent")
    check_reason(reason)
    if not sql.outside_transaction():
        _unknown(_found(Payment.objects.filter(pk=payment_id).first()))
        return
    keep(payment_id, ask(payment_id), reason=reason, by=by)


def _store(attempt: Attempt, reason: str, found: look.Found | None) -> None:
    """The word, with what the provider said to it."""
    detail: dict[str, Any] = {}
    if found is not None:
        said = found.finding
        detail["look"] = {"outcome": said.outcome.value, "code": said.code, "message": said.message}
    word = Finding(Outcome.ABSENT, code="declared_absent", message=reason, detail=detail)
    one = Said(attempt.pk, attempt.payment_id, attempt.send_no, Evidence.Source.OPERATOR, word)
    evidence.store([one], observed_at=found.asked_at if found else None)


def _found(payment: Payment | None) -> Payment:
    if payment is None:
        raise Refusal("payment_unknown", "there is no such payment", param="payment")
    if payment.state not in states.OPEN_PAYMENT:
        raise Refusal("payment_ended", f"it is {payment.state}: nothing acts on it any more", param="payment")
    if payment.parked_at is None:
        raise Refusal("not_parked", "it is not parked: its looks go on by themselves", param="payment")
    return payment


def _unknown(payment: Payment) -> Attempt:
    """The attempt of which nobody knows whether it took effect, once nothing of it can be on its way any more."""
    open_now = Attempt.objects.select_related("payment").filter(
        payment=payment, state__in=states.UNRESOLVED_ATTEMPT
    )
    attempt = open_now.defer("envelope").first()
    if attempt is None:
        raise Refusal("nothing_unknown", "no attempt of it is unknown: unpark it, or end it", param="payment")
    over = attempt.send_by + timedelta(seconds=spans.absence(registry.get(attempt.provider).sheet))
    if "expires_at" in attempt.data:  # until then a payer may begin something on what was made
        over = max(over, datetime.fromisoformat(attempt.data["expires_at"]) + LISTED_BY)
    if clock.machine_now() < over:
        raise Refusal(
            "too_early", f"it may still be on its way until {over:%Y-%m-%d %H:%M:%S} UTC", param="payment"
        )
    return attempt


def _is_not_seen(said: Finding, known: Known) -> bool:
    """Looked for and not there, by the adapter's own word: what may still come (a transaction that can land, a list of
    which one page is read) is not marked so, nor what can't be said (another's payment, another amount). What had a
    name of the provider's was there."""
    if said.outcome is Outcome.MISSING and known.provider_ref:
        return False
    marked = said.outcome in (Outcome.MISSING, Outcome.UNKNOWN) and bool(said.detail.get("not_seen"))
    return marked or said.outcome is Outcome.ABSENT


def _takes_two(payment: Payment) -> bool:
    limit = settings.ENV.two_approvers_above.get(payment.currency)
    return limit is not None and payment.amount_minor > limit


def _another_said_so(payment: Payment, by: Actor) -> bool:
    """Since it was parked. Raises Refusal if only they themselves did, or for a program: two people are meant."""
    if by.kind != "user":
        raise Refusal(
            "takes_people", "above TWO_APPROVERS_ABOVE two people say so, in the admin", param="payment"
        )
    said = Entry.objects.filter(verb=ASKED, object_kind="payment", object_id=str(payment.pk),
                                acted_at__gte=payment.parked_at)  # fmt: skip
    if said.exclude(actor=by.name[:150]).exists():
        return True
    if said.exists():
        raise Refusal("second_approver", "you have said so; above this amount another approver has to say so, too",
                      param="payment")  # fmt: skip
    return False
