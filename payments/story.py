"""One payment told to a person: a sentence about its state, and all that happened, in one column. Reads."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from engine.audit.told import acts_of
from engine.core import clock, money
from engine.core.timeline import Moment, facts, in_order, times, when
from engine.ledger.models import Transfer
from engine.outbox.models import Event
from payments import dispute_books, setup_charge, states, undecided
from payments.callbacks.models import Callback
from payments.models import Attempt, Case, Dispute, Evidence, Payment, Refund
from payments.pipeline import spans
from payments.pipeline.books import movement

MOST = 500  # lines of each table: the newest
_KINDS = ("payment", "refund", "dispute")


def sentence(payment: Payment) -> str:
    """Where it stands, why, and what comes next with its time. Reads the attempt of one in flight."""
    if payment.parked_at is not None:
        return f"Parked: {_stop(payment.parked_reason)} It stays {_said(payment)} until somebody unparks it."
    if payment.state == Payment.State.SCHEDULED:
        return _scheduled(payment)
    if payment.state == Payment.State.IN_FLIGHT:
        open_one = Attempt.objects.filter(payment=payment, state__in=states.UNRESOLVED_ATTEMPT).first()
        return _in_flight(payment, open_one)
    return _ended(payment)


def timeline(payment_id: UUID) -> list[Moment]:
    """Attempts, evidence, callbacks, events, postings and acts of people, oldest first. Reads by index.

    Of the payment, its cases, its refunds, and the disputes of what was paid: also of those that it does not bear.
    """
    attempts = list(Attempt.objects.filter(payment_id=payment_id).defer("envelope").order_by("-seq")[:MOST])
    keys = [attempt.pk for attempt in attempts]
    said = Evidence.objects.filter(attempt_id__in=keys).order_by("-pk")[:MOST]
    refunds, disputes = _given_back(payment_id), _disputes(payment_id)
    disputed = [one.pk for one in disputes]
    objects = [payment_id, *refunds, *disputed]
    told = Event.objects.filter(object_id__in=objects, object_kind__in=_KINDS).order_by("-created_at")[:MOST]
    called = Callback.objects.filter(payment_id=payment_id).defer("body", "headers").order_by("-pk")[:MOST]
    cases = Case.objects.filter(payment_id=payment_id).values_list("pk", flat=True)
    differing = Evidence.objects.filter(attempt_id__in=keys, verdict="amount differs").select_related(
        "attempt"
    )
    movements = [movement(payment_id, one.movement_id or one.attempt.identity) for one in differing]
    booked_of = [key for one in disputes
                 for key in dispute_books.keys_of(one.pk, corrections=one.corrections, costs=one.costs)]  # fmt: skip
    sources = [payment_id, *keys, *movements, *booked_of, *refunds]
    booked = Transfer.objects.filter(source_id__in=sources).select_related("debit", "credit")
    return in_order(
        map(_attempt, attempts),
        map(_evidence, said),
        map(_callback, called),
        map(_event, told),
        map(_posting, booked),
        acts_of("payment", payment_id, most=MOST),
        acts_of("case", *cases, most=MOST),
        acts_of("refund", *refunds, most=MOST),
        acts_of("dispute", *disputed, most=MOST),
    )


def _disputes(payment_id: UUID) -> list[Dispute]:
    """Those that it bears, and those that nobody bears: of what came late, lies in suspense, or was paid to set a
    method up."""
    ref = "instructions__charge__"
    said = Evidence.objects.filter(payment_id=payment_id).distinct()
    setup = Payment.objects.filter(pk=payment_id, source_kind=setup_charge.SOURCE)
    told = [
        *said.values_list("attempt__provider", "movement_id", "provider_ref"),
        *setup.values_list("provider", f"{ref}movement_id", f"{ref}provider_ref"),
    ]
    names = {(provider, name) for provider, *both in told for name in both if name}
    unplaced = Dispute.objects.filter(payment=None, charge_ref__in={name for _, name in names})
    return [
        *Dispute.objects.filter(payment_id=payment_id),
        *(one for one in unplaced if (one.provider, one.charge_ref) in names),
    ]


def _given_back(payment_id: UUID) -> list[UUID]:
    """Refunds of the payment, the one that it carries out, or what was paid to set a method up."""
    one = Payment.objects.filter(pk=payment_id)
    carried = one.filter(source_kind="refund").values("source_id")
    found = Refund.objects.filter(Q(payment_id=payment_id) | Q(pk__in=carried)).values_list("pk")
    return [key for (key,) in found.union(setup_charge.keys_of(one))]


def _scheduled(payment: Payment) -> str:
    why, next_at = _why(payment), when(payment.next_action_at)
    if payment.waiting == "funds":
        return f"Waiting for funds until {when(payment.grace_until)}{why}; looked at next at {next_at}."
    if payment.waiting == "retry":
        tries = f"try {payment.short_tries + 1} of {spans.short_tries()} at {next_at}"
        return f"Not sent{why}; {tries}."
    if payment.waiting in ("payee", "provider"):
        whom = payment.provider if payment.waiting == "provider" else "the payee"
        return f"Waiting for {whom}{why}; tried again at {next_at}."
    if payment.waiting == "queue":
        return "Waiting behind an older payment from the same source; it goes when that one ends."
    if payment.next_action_at is not None and payment.next_action_at > clock.machine_now():
        return f"Scheduled; a worker looks at it at {next_at}."
    return "Due now; a worker sends it within seconds, unless sending is stopped or its provider paused."


def _in_flight(payment: Payment, attempt: Attempt | None) -> str:
    if attempt is None:
        return "In flight; what was last said of it is being applied."
    since, looks = when(attempt.created_at), f"looked up {times(payment.looks)}"
    next_look = f"{looks}, next look {when(payment.next_action_at)}"
    if attempt.state == Attempt.State.UNKNOWN:
        return f"Outcome unknown since {since}{_why(payment)}; {next_look}. Nothing is sent under a new identity."
    if payment.waiting == "payer":
        return f"Waiting for the payer at {payment.provider} since {since}{_asked(attempt)}; {next_look}."
    if attempt.state == Attempt.State.SENT:
        return f"On its way to {payment.provider} since {since}, no answer yet; {next_look}."
    seen = "confirmed, not final yet" if payment.provisional_at else "seen, not final yet"
    return f"{payment.provider}: {seen}, sent {since}; {next_look}."


def _asked(attempt: Attempt) -> str:
    """What was said when the payer was asked."""
    asked = Evidence.objects.filter(attempt=attempt, outcome="pending", detail__has_key="action")
    said = asked.order_by("-pk").values_list("message", flat=True).first()
    return f": {said.rstrip('. ')}" if said else ""


def _ended(payment: Payment) -> str:
    at = when(payment.ended_at)
    if payment.state == Payment.State.SUCCEEDED:
        return f"Paid: {money.shown(payment.settled_minor, payment.currency)} moved, final at {at}."
    if payment.state == Payment.State.FAILED:
        where = "on chain" if payment.provider.startswith("solana") else f"by {payment.provider}"
        return f"Declined {where}{_why(payment)}, at {at}. Nothing more is tried under this payment."
    if payment.state == Payment.State.CANCELED:
        return f"Canceled at {at}{_why(payment)}. {_collected(payment)}"
    if payment.state == Payment.State.SUCCEEDED_LATE:
        return f"Paid after it had been given up, at {at}{_decided(payment)}"
    if payment.failure_code == "returned":
        return f"Returned at {at}{_why(payment)}. What it was for had refused it."
    return f"Reversed by {payment.provider} after it had been paid{_why(payment)}, at {at}.{_case(payment)}"


def _collected(payment: Payment) -> str:
    """What a canceled one brought after all: another amount, if anything."""
    newest = (
        Case.objects.filter(payment=payment, kind="amount_differs").order_by("-closed_at").first()
    )  # nulls first
    if newest is None:
        return "Nothing was collected."
    if newest.closed_at is not None:
        return f"What arrived: {_stop(newest.resolution)}"
    return f"What arrived is in suspense.{_case(payment)}"


def _decided(payment: Payment) -> str:
    """Where what came late is, and what a person decided about it, or is to decide."""
    where = "; the money is in unapplied." if undecided.lies_late(payment.pk) else "."
    newest = Case.objects.filter(payment=payment).order_by("-closed_at").first()  # nulls first
    if newest is None or newest.closed_at is None:
        return where + _case(payment)
    return f"{where} What became of it: {_stop(newest.resolution)}"


def _case(payment: Payment) -> str:
    case = Case.objects.filter(payment=payment, closed_at=None).first()
    return f" A person decides: {_stop(case.sentence)}" if case else ""


def _why(payment: Payment) -> str:
    said = payment.failure_message or payment.failure_code.replace("_", " ")
    return f": {said.rstrip('. ')}" if said else ""


def _stop(text: str) -> str:
    return text.rstrip(". ") + "."


def _said(payment: Payment) -> str:
    return payment.get_state_display().lower()


def _attempt(one: Attempt) -> Moment:
    detail = f"{one.state}; identity {one.identity}; sent {times(one.send_no)}"
    detail += f"; {one.failure_code}: {one.failure_message}" if one.failure_code else ""
    return Moment(
        one.created_at, "attempt", f"attempt {one.seq} by {one.provider}", detail, {"attempt": str(one.pk)}
    )


def _evidence(one: Evidence) -> Moment:
    moved = money.shown(one.gross_minor, one.currency) if one.gross_minor is not None else ""
    detail = "; ".join(
        part for part in (one.code, one.message, moved, one.verdict or "not applied yet") if part
    )
    ids = {"evidence": str(one.pk), "attempt": str(one.attempt_id)}
    return Moment(one.observed_at, "evidence", f"{one.source} said: {one.outcome}", detail, ids)


def _callback(one: Callback) -> Moment:
    doubt = f"not believed ({one.refusal})" if one.refusal else ""
    more = f"arrived {times(one.deliveries)}" if one.deliveries > 1 else ""
    detail = "; ".join(part for part in (doubt, one.said or "not worked yet", more) if part)
    title = f"{one.provider} called back: {one.kind or one.event_id}"
    return Moment(one.received_at, "callback", title, detail, {"callback": str(one.pk)})


def _event(one: Event) -> Moment:
    detail = facts(one.payload, "code", "message", "reason", "case")
    return Moment(one.created_at, "event", one.type, detail, {"event": str(one.pk)})


def _posting(one: Transfer) -> Moment:
    detail = f"{money.shown(one.amount_minor, one.currency)}: {one.credit.kind} → {one.debit.kind}"
    return Moment(one.posted_at, "posting", f"booked {one.kind}", detail, {"transfer": str(one.pk)})
