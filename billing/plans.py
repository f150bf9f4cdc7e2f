"""What creators sell. Terms are versions that never change: who subscribed before keeps theirs (D25)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from billing import cycle, fields, hold, moment, resume, states
from billing.models import Creator, Plan, PlanVersion, Subscription
from engine.audit.act import act, note
from engine.core import calendar, clock
from engine.core.actor import SYSTEM, Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.core.metadata import check_metadata, merge_metadata
from engine.core.models import Clock
from engine.outbox import emit

_NUMBERS = 2**31 - 1
_MOST_DUE = 200  # subscriptions that one request bills before it stops their plan


def create_plan(
    *,
    creator_id: UUID,
    number: int,
    name: str,
    price_minor: int,
    currency: str,
    interval_unit: str,
    interval_count: int,
    metadata: Mapping[str, Any] | None = None,
    by: Actor = SYSTEM,
) -> Plan:
    """A plan with its first version; `number` is unique per creator (row 0.70). Writes.

    `price_minor` in whole minor units, above zero. Raises Refusal naming the field, with nothing written.
    """
    by.must_be(Role.OPERATOR, "create_plan")
    terms = _terms(price_minor, currency, interval_unit, interval_count)
    fields.whole(number, param="number", lowest=0, highest=_NUMBERS)
    with transaction.atomic():
        creator = fields.locked(Creator, creator_id, param="creator")
        now = clock.machine_now()
        plan = Plan(id=uuid7(), creator=creator, number=number, name=fields.text(name, param="name", longest=200),
                    metadata=check_metadata(metadata), created_at=now)  # fmt: skip
        try:
            with transaction.atomic():
                plan.save(force_insert=True)
        except IntegrityError:
            raise Refusal(
                "number_taken", f"this creator has a plan {number} already", param="number"
            ) from None
        PlanVersion.objects.create(id=uuid7(), plan=plan, no=1, created_at=now, **terms)
        note(by, "create_plan", Plan, plan.pk, after={"creator_id": creator.pk, "number": number, **terms})
        _tell(plan, "plan.created", **terms)
    return plan


def change_plan(
    *,
    plan_id: UUID,
    price_minor: int,
    currency: str,
    interval_unit: str,
    interval_count: int,
    reason: str = "",
    by: Actor = SYSTEM,
) -> PlanVersion:
    """New terms for those who subscribe from now on; current subscribers keep theirs. Writes.

    Raises Refusal naming the field, with nothing written.
    """
    by.must_be(Role.OPERATOR, "change_plan")
    terms = _terms(price_minor, currency, interval_unit, interval_count)
    with transaction.atomic():
        plan = _locked(plan_id)
        before = current_version(plan)
        plan.version_no += 1
        plan.save(update_fields=["version_no"])
        made = PlanVersion.objects.create(
            id=uuid7(), plan=plan, no=plan.version_no, created_at=clock.machine_now(), **terms
        )
        old = {name: getattr(before, name) for name in terms}
        note(by, "change_plan", Plan, plan_id, reason=reason, before={"version_no": before.no, **old},
             after={"version_no": made.no, **terms})  # fmt: skip
        _tell(plan, "plan.changed", **terms)
    return made


def update_plan(
    *, plan_id: UUID, name: str | None = None, metadata: Mapping[str, str] | None = None, by: Actor = SYSTEM
) -> Plan:
    """Another name, for invoices from now on; metadata by name, an empty text takes its name away. Writes.

    Raises Refusal naming the field, with nothing written.
    """
    kept = ("name", "metadata")
    with act(by, "update_plan", Plan, plan_id, fields=kept, reasoned=False, lock=True):
        plan = _locked(plan_id)
        if name is not None:
            plan.name = fields.text(name, param="name", longest=200)
        plan.metadata = merge_metadata(plan.metadata, metadata)
        plan.save(update_fields=kept)
        _tell(plan, "plan.updated")
    return plan


def deactivate_plan(*, plan_id: UUID, reason: str = "", by: Actor = SYSTEM) -> Plan:
    """Nobody subscribes any more, and claim holds its subscriptions when they are due (row 0.24). Writes.

    What is due already is billed first: activate skips what a hold missed, and that began before it (I2).
    Raises Refusal where that are too many for one request, or one is left: the next cycle bills them.
    """
    with transaction.atomic():
        _locked(plan_id)
        _claim_what_is_due(plan_id)
        return _set_active(plan_id, active=False, reason=reason, by=by)


def activate_plan(*, plan_id: UUID, reason: str = "", by: Actor = SYSTEM) -> Plan:
    """Sell again. Its subscriptions go on from their next date; what began while it was off is skipped. Writes.

    Commits per subscription; the sweep does the same to those that a crash leaves. Raises Refusal as
    `deactivate_plan`: what is due before the plan is on is held by now, whether or not a claim came by.
    """
    with transaction.atomic():
        if not _locked(plan_id).active:
            _claim_what_is_due(plan_id)
        plan = _set_active(plan_id, active=True, reason=reason, by=by)
    held = Subscription.objects.filter(plan_id=plan_id, held_code=hold.PLAN_INACTIVE, state__in=states.BILLED)
    for subscription_id in list(held.order_by("pk").values_list("pk", flat=True)):
        with suppress(Refusal):  # the sweep or an operator was faster
            resume.skip_missed(subscription_id)
    return plan


def _claim_what_is_due(plan_id: UUID) -> None:
    """Claim the periods that have begun: billed while the locked plan is on, held while it is off.

    Writes in the caller's transaction. Raises Refusal where that are too many, or one is left.
    """
    due = _due(plan_id)
    if len(due) > _MOST_DUE:
        raise Refusal("plan_being_billed", f"more than {_MOST_DUE} of its subscriptions are due and not billed "
                      "yet; try again after the next cycle", param="plan")  # fmt: skip
    # claim_one passes over what another holds: here that one is waited for, and others begin meanwhile.
    waited = Subscription.objects.filter(pk__in=[pk for pk, _ in due]).order_by("pk").select_for_update()
    list(waited.values_list("pk", flat=True))
    for subscription_id, at in _due(plan_id):
        while cycle.claim_one(subscription_id, at).claimed:
            pass
    if _due(plan_id):
        raise Refusal(
            "plan_being_billed", "a subscription of it became due meanwhile; try again", param="plan"
        )


def _due(plan_id: UUID) -> list[tuple[UUID, moment.Moment]]:
    """What is due by now on any clock, a little more than `_MOST_DUE` at most, each with its moment. Reads."""
    clocks = [clock.REAL, *Clock.objects.exclude(pk=clock.REAL).values_list("pk", flat=True)]
    found: list[tuple[UUID, moment.Moment]] = []
    for at in [moment.read(clock_id) for clock_id in clocks]:
        due = Subscription.objects.filter(plan_id=plan_id, clock_id=at.clock_id, next_due_at__lte=at.business)
        due = due.filter(Q(ends_at=None) | Q(next_due_at__lt=F("ends_at")))
        found += [(pk, at) for pk in due.values_list("pk", flat=True)[: _MOST_DUE + 1]]
    return found


def current_version(plan: Plan) -> PlanVersion:
    """The terms that new subscribers get. Reads."""
    return PlanVersion.objects.get(plan=plan, no=plan.version_no)


def _set_active(plan_id: UUID, *, active: bool, reason: str, by: Actor) -> Plan:
    verb = "activate_plan" if active else "deactivate_plan"
    with act(by, verb, Plan, plan_id, fields=("active",), reason=reason, reasoned=False, lock=True):
        plan = _locked(plan_id)
        plan.active = active
        plan.save(update_fields=["active"])
        _tell(plan, f"plan.{verb.removesuffix('_plan')}d")
    return plan


def _tell(plan: Plan, event: str, **facts: Any) -> None:
    """One event under the locked plan's next number. Writes in the caller's transaction. Plans live on real time."""
    now = clock.machine_now()
    plan.told += 1
    plan.save(update_fields=["told"])
    payload = {"plan_id": plan.pk, "creator_id": plan.creator_id, "number": plan.number, "name": plan.name,
               "active": plan.active, "version_no": plan.version_no, **facts}  # fmt: skip
    emit.emit([emit.NewEvent(event, "plan", plan.pk, plan.told, clock.REAL, now, moment.correlation(), payload)],
              machine_at=now)  # fmt: skip


def _locked(plan_id: UUID) -> Plan:
    return fields.locked(Plan, plan_id, param="plan", message=f"Plan {plan_id} not found")


def _terms(price_minor: object, currency: object, unit: str, count: object) -> dict[str, Any]:
    amount, code = fields.price(price_minor, currency)
    interval_unit, interval_count = calendar.check_interval(unit, count)
    return {"price_minor": amount, "currency": code, "interval_unit": interval_unit,
            "interval_count": interval_count}  # fmt: skip
