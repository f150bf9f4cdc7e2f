"""A list shows a row on one line: moments to the second in UTC, ids by their end, long texts cut."""

from __future__ import annotations

import pytest
from django.test import Client

from engine.core.actor import SYSTEM
from payments import operate
from payments.models import Payment
from tests.ops.admin_pages import client_of, url
from tests.ops.world import fill


@pytest.fixture
def boss(db: None) -> Client:
    return client_of()


def test_a_payments_row_has_its_moments_its_amount_and_why(boss, world, scripted):
    keys = fill(world, scripted)
    page = boss.get(url("payments_payment")).content.decode()
    failed = Payment.objects.get(pk=keys["declined"])
    assert "Due at (UTC)" in page or "due at (UTC)" in page
    assert f">{failed.due_at:%Y-%m-%d %H:%M:%S}<" in page
    assert f'title="{failed.pk}">…{str(failed.pk)[-12:]}<' in page
    assert failed.failure_code.replace("_", " ") in page
    assert 'whitespace-nowrap">0.001000 USDC' in page


def test_what_belongs_to_another_row_and_what_somebody_wrote_fits_too(boss, world, scripted):
    keys = fill(world, scripted)
    page = boss.get(url("payments_attempt")).content.decode()
    assert f'title="{keys["paid"]}">…{str(keys["paid"])[-12:]}<' in page
    operate.park_payment(keys["waiting"], reason="the payer asked for a pause", by=SYSTEM)
    shown = boss.get(url("engine_audit_entry")).content.decode()
    assert 'title="the payer asked for a pause">the payer asked for a pause<' in shown


def test_a_rows_own_page_writes_moments_the_same_way(boss, world, scripted):
    keys = fill(world, scripted)
    payment = Payment.objects.get(pk=keys["declined"])
    page = boss.get(url("payments_payment", payment.pk, "change")).content.decode()
    assert f"{payment.ended_at:%Y-%m-%d %H:%M:%S}" in page
    assert "p.m." not in page and "a.m." not in page
