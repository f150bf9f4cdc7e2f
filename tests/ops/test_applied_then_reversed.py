"""What a person applied out of suspense and the provider took back since: mirrored whole, and owed again."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from billing.models import Invoice
from engine.ledger.models import Transfer
from payments import refund, settle, suspense
from payments.models import Case
from tests.billing.world import World
from tests.ops.suspended import (
    WHY,
    broken,
    case_of,
    differing,
    in_suspense,
    invoice_of,
    legs,
    refused_by_its_invoice,
    row,
)
from tests.ops.world import say
from tests.payments.scripted import TAKEN_BACK


def in_part(world: World) -> UUID:
    """900 of 1000 arrived."""
    one = differing(world, 900)
    suspense.apply_money(case_of(one).pk, **WHY)
    assert (row(one).state, row(one).settled_minor) == ("succeeded", 900)
    return one


def beyond(world: World) -> UUID:
    """200 more than the 1000 that were asked for; some of them were to be given back."""
    one = differing(world, 1200)
    suspense.apply_money(case_of(one).pk, **WHY)
    refund.request(one, amount_minor=300, **WHY)
    return one


def refused(world: World) -> UUID:
    one = refused_by_its_invoice(world)
    suspense.apply_money(case_of(one).pk, **WHY)
    assert (row(one).state, invoice_of(one).state) == ("succeeded", "paid")
    return one


@pytest.fixture(params=["direct", "platform"], autouse=True)
def _reversible(request: pytest.FixtureRequest, scripted) -> None:
    scripted.sheet = replace(scripted.sheet, settlement=request.param, reversible=True)


@pytest.mark.parametrize("applied", [in_part, beyond, refused])
def test_what_had_paid_is_owed_again(world, applied) -> None:
    one = applied(world)
    say(one, TAKEN_BACK)
    assert (row(one).state, row(one).settled_minor, in_suspense(one)) == ("reversed", 0, 0)
    invoice = invoice_of(one)
    assert (invoice.state, invoice.collected_minor) == ("open", 0)
    applied_legs = legs("suspense.applied")
    assert legs("suspense.reversed") == [
        (seq, credit, debit, minor) for seq, debit, credit, minor in applied_legs
    ]
    assert Case.objects.filter(payment_id=one, kind="reversed", closed_at=None).exists()
    assert broken() == []
    before = Transfer.objects.count()
    say(one, TAKEN_BACK)
    assert Transfer.objects.count() == before


def test_a_part_that_was_taken_back_is_told_again_as_that_part(world) -> None:
    """Its invoice refused to hear of it."""
    one = in_part(world)
    Invoice.objects.filter(pk=row(one).source_id).update(collected_minor=0)
    say(one, TAKEN_BACK)
    case = Case.objects.get(payment_id=one, kind="source_refused")
    Invoice.objects.filter(pk=row(one).source_id).update(collected_minor=900)
    suspense.apply_money(case.pk, **WHY)
    assert (invoice_of(one).state, invoice_of(one).collected_minor) == ("open", 0)
    assert broken() == []


def test_what_had_come_late_leaves_unapplied(world) -> None:
    one = differing(world, 900)
    settle.end_payment(one, **WHY)
    suspense.apply_money(case_of(one).pk, **WHY)
    say(one, TAKEN_BACK)
    assert (row(one).state, in_suspense(one), invoice_of(one).collected_minor) == ("succeeded_late", 0, 0)
    assert legs("suspense.reversed") == [(1, "unapplied", "suspense", 900)]
    assert broken() == []
