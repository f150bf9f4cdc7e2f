"""Invoices: what is owed."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing import operate
from billing.api import examples, lists, rows
from billing.api.shapes import InvoiceShape, ReleaseBody
from billing.models import Invoice
from engine.rest import ids, pages
from engine.rest.once import Done
from engine.rest.views import RestView

_WHOLE = "lines,payments"


class Invoices(RestView):
    """All invoices."""

    resource = "invoices"

    @extend_schema(operation_id="list_invoices", parameters=[lists.InvoiceQuery],
                   responses=pages.listed(InvoiceShape), examples=[examples.listed(examples.INVOICE)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Invoices, newest first. `expand`: subscription, customer, lines, payments."""
        asked = self.query(lists.InvoiceQuery)
        return pages.page(request, lists.invoices(asked), InvoiceShape, asked, expandable=rows.OF_INVOICE)


class InvoiceView(RestView):
    """One invoice."""

    resource, object_name = "invoices", "invoice"

    @extend_schema(operation_id="get_invoice", parameters=[pages.ExpandQuery], responses=InvoiceShape,
                   examples=[examples.shown(examples.INVOICE)])  # fmt: skip
    def get(self, request: Request, invoice_id: str) -> Response:
        """One invoice with its lines and the ids of its payments. `expand`: subscription, customer."""
        asked = self.query(pages.ExpandQuery)
        found = Invoice.objects.filter(pk=self.id("invoice", invoice_id)).first()
        return Response(_whole(self.there(found, invoice_id), asked.get("expand", ""), self.caller.scopes))


class ReleaseDraft(RestView):
    """Letting a held draft go on."""

    resource, object_name = "invoices", "invoice"
    key_needed = True

    @extend_schema(operation_id="release_invoice", request=ReleaseBody, responses=InvoiceShape, examples=[
        examples.sent({"reason": "the plan's currency was mended"}), examples.shown(examples.INVOICE),
    ])  # fmt: skip
    def post(self, request: Request, invoice_id: str) -> Response:
        """Offer a held draft to finalize again, after its cause was mended. An approver's."""
        pk = self.id("invoice", invoice_id)

        def work(data: dict[str, str]) -> Done:
            self.there(Invoice.objects.filter(pk=pk).first(), invoice_id)
            operate.release_draft(pk, by=self.actor, **data)
            return _done(pk)

        return self.once(ReleaseBody, work)


def _done(invoice_id: UUID) -> Done:
    return Done(_whole(Invoice.objects.get(pk=invoice_id)), ids.show("invoice", invoice_id), 200)


def _whole(found: Invoice, more: str = "", scopes: Collection[str] = ()) -> dict[str, object]:
    return pages.one(found, InvoiceShape, {"expand": f"{more},{_WHOLE}"}, rows.OF_INVOICE, scopes=scopes)
