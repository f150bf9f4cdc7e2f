"""Who pays and who is paid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction

from billing import fields, moment
from billing.models import Creator, Customer
from engine.audit.act import act, note
from engine.core import calendar, clock
from engine.core.actor import SYSTEM, Actor, Role
from engine.core.ids import uuid7
from engine.core.metadata import check_metadata, merge_metadata
from engine.providers import registry
from engine.providers.abilities import Payer

Party = TypeVar("Party", Customer, Creator)


def payer_of(customer_id: UUID) -> Payer | None:
    """The customer as a gateway wants to know them; None if there is none. Reads."""
    found = Customer.objects.filter(pk=customer_id).first()
    return Payer(found.pk, found.name, found.email) if found else None


def create_customer(
    *,
    name: str,
    email: str = "",
    wallet: str = "",
    zone: str = "UTC",
    clock_id: int = clock.REAL,
    metadata: Mapping[str, Any] | None = None,
    by: Actor = SYSTEM,
) -> Customer:
    """A payer who lives on a clock and, for calendar periods, in an IANA zone. Writes.

    Raises Refusal naming the field; a wallet, if given, must be one that a provider knows for one.
    """
    by.must_be(Role.OPERATOR, "create_customer")
    if wallet := fields.optional_text(wallet, param="wallet", longest=64):
        registry.check_payee(wallet)
    made = Customer(
        id=uuid7(),
        clock_id=clock_id,
        name=fields.text(name, param="name", longest=200),
        email=fields.email(email),
        wallet=wallet,
        zone=calendar.check_zone(zone),
        metadata=check_metadata(metadata),
        created_at=_business(clock_id),
    )
    return _insert(made, by, "create_customer", ("clock_id", "name", "email", "wallet", "zone"))


def create_creator(
    *,
    name: str,
    wallet: str = "",
    fee_bps: int = 0,
    metadata: Mapping[str, Any] | None = None,
    by: Actor = SYSTEM,
) -> Creator:
    """A payee. `fee_bps`: hundredths of a percent of each payment that are the platform's. Writes.

    Raises Refusal naming the field; a wallet, if given, must be one that a provider can pay.
    """
    by.must_be(Role.OPERATOR, "create_creator")
    if wallet := fields.optional_text(wallet, param="wallet", longest=64):
        registry.check_payee(wallet)
    made = Creator(
        id=uuid7(),
        name=fields.text(name, param="name", longest=200),
        wallet=wallet,
        fee_bps=fields.whole(fee_bps, param="fee_bps", lowest=0, highest=10_000),
        metadata=check_metadata(metadata),
        created_at=_business(clock.REAL),
    )
    return _insert(made, by, "create_creator", ("name", "wallet", "fee_bps"))


def update_customer(
    customer_id: UUID,
    *,
    name: str | None = None,
    email: str | None = None,
    metadata: Mapping[str, str] | None = None,
    by: Actor = SYSTEM,
) -> Customer:
    """Change what is given and leave the rest. Metadata goes by name: an empty text takes its name away. Writes.

    Raises Refusal naming the field, with nothing written.
    """
    kept = ("name", "email", "metadata")
    with act(by, "update_customer", Customer, customer_id, fields=kept, reasoned=False, lock=True):
        customer = fields.locked(Customer, customer_id, param="customer")
        if email is not None:
            customer.email = fields.email(email)
        return _rename(customer, name, metadata, kept)


def update_creator(
    creator_id: UUID,
    *,
    name: str | None = None,
    metadata: Mapping[str, str] | None = None,
    by: Actor = SYSTEM,
) -> Creator:
    """As `update_customer`. The wallet stays: payments on their way name it. Writes. Raises Refusal."""
    kept = ("name", "metadata")
    with act(by, "update_creator", Creator, creator_id, fields=kept, reasoned=False, lock=True):
        return _rename(fields.locked(Creator, creator_id, param="creator"), name, metadata, kept)


def _rename(
    party: Party, name: str | None, metadata: Mapping[str, str] | None, kept: tuple[str, ...]
) -> Party:
    if name is not None:
        party.name = fields.text(name, param="name", longest=200)
    party.metadata = merge_metadata(party.metadata, metadata)
    party.save(update_fields=kept)
    return party


def _insert(made: Party, by: Actor, verb: str, kept: tuple[str, ...]) -> Party:
    with transaction.atomic():
        made.save(force_insert=True)
        note(by, verb, type(made), made.pk, after={name: getattr(made, name) for name in kept})
    return made


def _business(clock_id: int) -> datetime:
    return moment.read(clock_id).business
