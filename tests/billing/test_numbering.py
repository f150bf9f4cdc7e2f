from __future__ import annotations

from django.db import connection

from billing import cycle, numbering
from billing.models import Invoice, NumberSeries
from engine.outbox.models import Event
from tests.billing.world import World


def _numbers() -> list[int]:
    return list(
        Invoice.objects.exclude(number=None).order_by("issued_at", "id").values_list("number", flat=True)
    )


def test_numbers_follow_the_order_of_issue_without_gaps(world: World) -> None:
    for _ in range(5):
        world.subscription()
    cycle.finalize()
    assert numbering.number_invoices(batch=2) == numbering.Numbered(5, [])
    world.later(days=28)
    world.bill()
    assert numbering.number_invoices().given == 5
    assert _numbers() == list(range(1, 11))
    assert NumberSeries.objects.get().last == 10


def test_drafts_and_what_was_void_before_issue_have_none(world: World) -> None:
    world.subscription()
    assert numbering.number_invoices().given == 0
    Invoice.objects.update(state="void", next_action_at=None)
    assert numbering.number_invoices().given == 0
    assert not NumberSeries.objects.exists()


def test_each_series_counts_for_itself(world: World) -> None:
    for _ in range(4):
        world.subscription()
    cycle.finalize()
    some = Invoice.objects.order_by("id")[:2]
    Invoice.objects.filter(pk__in=[each.pk for each in some]).update(series="INV-")
    numbering.number_invoices()
    assert sorted(Invoice.objects.values_list("series", "number")) == [
        (f"CLK{world.clock_id}-", 1), (f"CLK{world.clock_id}-", 2), ("INV-", 1), ("INV-", 2),
    ]  # fmt: skip


def test_each_number_is_told_with_the_invoice_s_next_version(world: World) -> None:
    world.subscription()
    cycle.finalize()
    before = Invoice.objects.get().version
    for _ in range(2):
        numbering.number_invoices()
    told, invoice = Event.objects.get(type="invoice.numbered"), Invoice.objects.get()
    assert (told.object_id, told.seq, invoice.version) == (invoice.pk, before + 1, before + 1)
    assert (told.payload["series"], told.payload["number"]) == (invoice.series, 1)


def test_given_numbers_stay(world: World) -> None:
    world.subscription()
    cycle.finalize()
    numbering.number_invoices()
    Invoice.objects.update(state="void", collecting_minor=0)
    assert numbering.number_invoices().given == 0
    assert _numbers() == [1]


def test_the_statement_reads_the_index_it_names(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM billing_invoice WHERE series = 'INV-' AND number IS NULL"
            " AND issued_at IS NOT NULL ORDER BY issued_at, id LIMIT 10"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "invoices_to_number" in plan and "Sort" not in plan
