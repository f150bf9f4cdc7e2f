"""Customers: who pays."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing import customers
from billing.api import examples, lists
from billing.api.shapes import CustomerShape
from billing.models import Customer
from engine.rest import ids, pages
from engine.rest.once import Done
from engine.rest.shapes import MetadataField, Shape, TextField
from engine.rest.views import RestView


class CustomerBody(Shape):
    """A new customer."""

    name = TextField(max_length=200)
    email = TextField(required=False, max_length=254, allow_blank=True)
    wallet = TextField(required=False, max_length=64, allow_blank=True)
    zone = TextField(
        required=False, max_length=60, help_text="IANA zone that calendar periods follow; UTC by default"
    )
    metadata = MetadataField(required=False)


class CustomerChange(Shape):
    """What is to change; the rest stays."""

    name = TextField(required=False, max_length=200)
    email = TextField(required=False, max_length=254, allow_blank=True)
    metadata = MetadataField(required=False, help_text="By name; an empty text takes its name away")


class Customers(RestView):
    """All customers."""

    resource = "customers"

    @extend_schema(operation_id="list_customers", parameters=[lists.CustomerQuery],
                   responses=pages.listed(CustomerShape), examples=[examples.listed(examples.CUSTOMER)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Customers, newest first; filtered by e-mail or wallet as they were given."""
        asked = self.query(lists.CustomerQuery)
        return pages.page(request, lists.parties(Customer, asked), CustomerShape, asked)

    @extend_schema(operation_id="create_customer", request=CustomerBody, responses={201: CustomerShape}, examples=[
        examples.sent({"name": "Ada Okafor", "email": "ada@example.com", "zone": "Africa/Lagos"}),
        examples.shown(examples.CUSTOMER, 201),
    ])  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make a customer."""
        return self.once(
            CustomerBody, lambda data: _done(customers.create_customer(by=self.actor, **data), 201)
        )


class CustomerView(RestView):
    """One customer."""

    resource, object_name = "customers", "customer"

    @extend_schema(operation_id="get_customer", parameters=[pages.ExpandQuery], responses=CustomerShape,
                   examples=[examples.shown(examples.CUSTOMER)])  # fmt: skip
    def get(self, request: Request, customer_id: str) -> Response:
        """One customer."""
        asked = self.query(pages.ExpandQuery)
        found = Customer.objects.filter(pk=self.id("customer", customer_id)).first()
        return Response(pages.one(self.there(found, customer_id), CustomerShape, asked))

    @extend_schema(operation_id="update_customer", request=CustomerChange, responses=CustomerShape, examples=[
        examples.sent({"email": "ada@example.org", "metadata": {"order": ""}}), examples.shown(examples.CUSTOMER),
    ])  # fmt: skip
    def post(self, request: Request, customer_id: str) -> Response:
        """Change a customer's name, e-mail or metadata. What is not sent stays as it is."""
        found = self.id("customer", customer_id)
        return self.once(
            CustomerChange,
            lambda data: _done(customers.update_customer(found, by=self.actor, **data), 200),
        )


def _done(made: Customer, status: int) -> Done:
    data: dict[str, Any] = pages.one(made, CustomerShape)
    return Done(data, ids.show("customer", made.pk), status)
