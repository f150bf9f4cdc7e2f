"""Methods that a gateway keeps: begun at its own fields or page, and usable once it says that the payer is done.

The payer's card never comes to us. What a gateway says in a callback is a hint: the set-up is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction

from engine.audit.act import note
from engine.core import cards, clock
from engine.core.actor import SYSTEM, Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.core.metadata import check_metadata
from engine.outbox.emit import NewEvent, emit
from engine.providers import registry
from engine.providers.abilities import Payer, SetupAsked, SetupFound
from engine.providers.base import ProviderUnavailable
from payments import setup_charge
from payments.methods import rows
from payments.models import PaymentMethod
from payments.pipeline import spans

# How long a payer may take where the gateway sets no end.
PATIENCE = timedelta(hours=24)
# So long after its end a set-up is still looked at: a page may be paid late, and what was paid is to be given back.
LATE = timedelta(days=30)
_FIRST_LATE = timedelta(hours=1)
_WORDS, _NUMBERS = ("brand", "bank", "channel"), ("exp_month", "exp_year")


@dataclass(frozen=True, slots=True)
class Begun:
    """A set-up that a gateway began under our reference, the method's id. `found` where nothing is left to do."""

    method_id: UUID
    asked: SetupAsked
    found: SetupFound | None


def begin(
    *,
    payer: Payer,
    currency: str,
    provider: str,
    return_url: str = "",
    options: Mapping[str, Any] | None = None,
) -> Begun:
    """Begin a set-up at the gateway. Calls out, writes nothing.

    Raises Refusal naming the field: a provider that keeps no methods, a currency that it does not collect, a page to
    come back to that is none, what the gateway needs to know of the payer, or no answer.
    """
    gateway, sheet = registry.setting_up(provider), registry.get(provider).sheet
    if currency not in sheet.currencies:
        raise Refusal("currency_not_supported", f"{provider} does not collect {currency}", param="currency")
    _check_page(return_url)
    method_id = uuid7()
    try:
        asked = gateway.ask_setup(payer=payer, currency=currency, return_url=return_url, reference=method_id.hex,
                                  options=options or {})  # fmt: skip
        found = gateway.find_setup(asked.details) if asked.kind == "none" else None
    except ProviderUnavailable as fault:
        raise rows.silent(provider, fault) from None
    return Begun(method_id, asked, found)


def keep_setup(
    begun: Begun,
    *,
    customer_id: UUID,
    currency: str,
    provider: str,
    metadata: Mapping[str, Any] | None = None,
    by: Actor = SYSTEM,
) -> PaymentMethod:
    """A pending method for a set-up that was begun, or an active one where nothing is left to do. Writes."""
    by.must_be(Role.OPERATOR, "add_method")
    asked = begun.asked
    with transaction.atomic():
        now = clock.machine_now()
        PaymentMethod.objects.create(
            id=begun.method_id, customer_id=customer_id, provider=provider, currency=currency,
            details=dict(asked.details), setup_kind=asked.kind, setup_url=asked.url,
            setup_until=asked.expires_at or now + PATIENCE, next_action_at=now + timedelta(seconds=spans.look(0)),
            metadata=check_metadata(metadata), created_at=now,
        )  # fmt: skip
        after = {"customer_id": customer_id, "provider": provider, "currency": currency, "setup": asked.kind}
        note(by, "add_method", PaymentMethod, begun.method_id, after=after)
        if begun.found is not None:
            return take_setup(begun.method_id, begun.found, by=by)
        return rows.get(begun.method_id)


def look_at_setup(method_id: UUID, *, by: Actor = SYSTEM, keep: bool = True) -> SetupFound | None:
    """What became of a method's set-up, if the payer is done; None of an active one, which nobody asks again.

    Calls out. Raises Refusal where the payer is not done: then what the gateway said is stored with the method (writes
    and commits) unless `keep` is False.
    """
    by.must_be(Role.OPERATOR, "activate_method")
    method = rows.get(method_id)
    rows.not_removed(method)
    if method.state == PaymentMethod.State.ACTIVE:
        return None
    found = find_setup(method)
    if not found.granted:
        if keep:
            take_setup(method_id, found, by=by)
        said = f": {found.message}" if found.message else ""
        raise Refusal("setup_not_done", f"the payer has not finished at {method.provider}{said}",
                      param="payment_method")  # fmt: skip
    return found


def find_setup(method: PaymentMethod) -> SetupFound:
    """What became of it at the gateway. Calls out. Raises Refusal where that does not answer."""
    try:
        return registry.setting_up(method.provider).find_setup(method.details)
    except ProviderUnavailable as fault:
        raise rows.silent(method.provider, fault) from None


def take_setup(
    method_id: UUID, found: SetupFound | None, *, by: Actor = SYSTEM, leased: datetime | None = None
) -> PaymentMethod:
    """Store what was found: done makes the method active, too late makes it expired. Writes; harmless twice.

    What the payer paid for it is booked and its return scheduled, whatever else was found. `leased`: when this looker's
    turn ends; another look that was asked for meanwhile keeps its time. What a payer did for a method that was removed
    is for the gateway to forget.
    """
    by.must_be(Role.OPERATOR, "activate_method")
    with transaction.atomic():
        now, method = clock.machine_now(), rows.locked(method_id)
        if found is not None and found.charged is not None:
            setup_charge.book(method, found.charged)
        if found is None or method.activated_at is not None:
            return method
        removed = method.state == PaymentMethod.State.REMOVED
        method.checked_at, method.check_code, method.check_message = now, found.code[:60], found.message
        events: list[NewEvent] = []
        if found.granted:
            _grant(method, found, now)
            if not removed:
                events.append(_activate(method, now, by))
        elif leased is None or method.next_action_at == leased:
            events += _later(method, now)
        method.save()
        emit(events, machine_at=now)
    return method


def setup_may_be_done(reference: str) -> bool:
    """A callback speaks of the set-up of that `reference`: a look at it is due now. Writes, calls nobody.

    False where it was done already. Late is not too late: who finishes after the end, or after a removal, has given a
    gateway something that is to be used, or forgotten. Raises Refusal for a reference that names none of ours.
    """
    try:
        ours = PaymentMethod.objects.filter(pk=UUID(hex=reference)).exclude(setup_kind="")
    except ValueError:
        ours = PaymentMethod.objects.none()
    if ours.filter(activated_at=None).update(next_action_at=clock.machine_now(), looks=0):
        return True
    if not ours.exists():
        raise Refusal("setup_unknown", "there is no set-up of that reference", param="reference")
    return False


def _grant(method: PaymentMethod, found: SetupFound, now: datetime) -> None:
    method.details, method.activated_at = dict(found.details), now
    method.label = _label(found.label)
    method.setup_url = ""
    forgotten_next = method.state == PaymentMethod.State.REMOVED
    method.next_action_at, method.looks = (now if forgotten_next else None), 0


def _label(said: Mapping[str, Any]) -> dict[str, Any]:
    """What people see of a card: a word or two, when it ends, and the last four digits, whatever a gateway says."""
    label: dict[str, Any] = {name: cards.mask(str(said[name]))[:40] for name in _WORDS if said.get(name)}
    label |= {name: int(said[name]) for name in _NUMBERS if str(said.get(name, "")).isdecimal()}
    return label | ({"last4": str(said["last4"])[-4:]} if said.get("last4") else {})


def _activate(method: PaymentMethod, now: datetime, by: Actor) -> NewEvent:
    before, method.state = {"state": method.state}, PaymentMethod.State.ACTIVE
    method.check_code = method.check_message = ""
    note(by, "activate_method", PaymentMethod, method.pk, before=before, after={"state": method.state})
    return rows.event("activated", method, now, provider=method.provider, label=method.label)


def _later(method: PaymentMethod, now: datetime) -> list[NewEvent]:
    """Looked at again, further each time; past its end it is expired, and looked at until a late payer can be no more.

    A removed one likewise: whoever had its page open may pay yet.
    """
    ends = method.setup_until or now + PATIENCE
    if now < ends:
        wait = timedelta(seconds=spans.look(method.looks))
    else:
        wait = max(_FIRST_LATE, now - ends)  # as far away as the end is: a dozen looks in all
    method.next_action_at = now + wait if now < ends + LATE else None
    method.looks += 1
    if now < ends or method.state != PaymentMethod.State.PENDING:
        return []
    method.state, method.setup_url = PaymentMethod.State.EXPIRED, ""
    return [rows.event("expired", method, now, provider=method.provider)]


def _check_page(url: str) -> None:
    """Raises Refusal for what is no page that a payer's browser could come back to."""
    if not url:
        return
    allowed = ("https",) if settings.ENV.livemode else ("https", "http")
    try:
        parts = urlsplit(url)
        good = parts.scheme in allowed and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good:
        raise Refusal("return_url_invalid", f"return_url is a page, {' or '.join(allowed)}://host/…",
                      param="return_url")  # fmt: skip
