"""Whatever is sent to the admin's pages, none of them fails."""

from __future__ import annotations

import pytest

from payments.models import Payment
from tests.ops.admin_pages import act, bare, client_of, url

DIGITS = "9" * 500


@pytest.fixture
def boss(standing_payments):
    client = client_of()
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    ("table", "action"),
    [("payments_payment", "park"), ("django_celery_beat_periodictask", "turn_off"),
     ("payments_providerswitch", "pause")],
)  # fmt: skip
@pytest.mark.parametrize("junk", ["zzz", "\0", "a\0b", DIGITS, "-" + DIGITS, ""])
def test_a_key_that_is_none_is_left_out(boss, table, action, junk, monkeypatch):
    bare(monkeypatch)
    page = boss.get(url(table))
    assert page.status_code == 200
    names = {name for name, _ in page.context["action_form"].fields["action"].choices if name}
    for name in {action} & names or names:
        answer = boss.post(url(table), {"action": name, "_selected_action": [junk]}, follow=True)
        assert answer.status_code == 200


def test_a_nonsense_key_beside_a_good_one_stops_nothing(boss):
    one = Payment.objects.filter(parked_at=None, state="scheduled").first()
    act(boss, "payments_payment", "park", "zzz", one.pk, "\0")
    assert Payment.objects.get(pk=one.pk).parked_reason == "a drill"


def test_a_reason_with_a_nul_is_refused(boss):
    one = Payment.objects.filter(parked_at=None, state="scheduled").first()
    form = {"action": "park", "_selected_action": [one.pk], "reason": "a\0b", "confirmed": "yes"}
    answer = boss.post(url("payments_payment"), form)
    assert answer.status_code == 200
    assert "without a NUL" in answer.content.decode()
    assert Payment.objects.get(pk=one.pk).parked_at is None


@pytest.mark.parametrize("made", [
    "9999", "9999-12", "9999-12-31", "1", "1600", "1-1-1-1", "2026-1-1-1", "--999999999999", "-" + DIGITS, DIGITS,
    "2026-00", "2026-13", "2026-02-30", "", "-", "\0", "2200-12-31", "1970",
])  # fmt: skip
def test_a_day_that_is_none_is_no_condition(boss, made, monkeypatch):
    bare(monkeypatch)
    assert boss.get(url("payments_payment"), {"made": made}).status_code == 200


@pytest.mark.parametrize(
    "table", ["payments_payment", "payments_attempt", "billing_invoice", "billing_customer"]
)
@pytest.mark.parametrize("year", ["99999", "0", "-1", DIGITS, "zzz"])
def test_a_year_that_is_none_is_no_condition(boss, table, year, monkeypatch):
    bare(monkeypatch)
    answer = boss.get(url(table), {"created_at__year": year}, follow=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("table", ["billing_numberseries", "ops_heartbeat", "payments_providerswitch"])
def test_a_page_of_no_row_leads_home(boss, table):
    for text in ("%00", "a%00b", "_00", DIGITS):
        assert boss.get(url(table, text, "change"), follow=True).status_code == 200
