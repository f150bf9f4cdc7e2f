"""Customers."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.stripe import events, forms, methods, objects
from sandbox.gateways.stripe.mount import MOUNT

KNOWN = ("name", "email", "phone", "description", "metadata", "payment_method", "invoice_settings", "address")
PLAIN = ("name", "email", "phone", "description")


@MOUNT.call("POST", "/customers")
def create(request: Request) -> Answer:
    """With a payment method at once, if one is given."""
    data, world = request.data, request.world
    forms.refuse_unknown(data, KNOWN)
    row = objects.make(
        world, "cus_", "customer", objects.owner(request),
        **{name: forms.text(data, name) for name in PLAIN},
        address=None, balance=0, currency=None, default_source=None, delinquent=False, discount=None,
        invoice_prefix=world.fresh("", 8).upper(), metadata=forms.metadata(data), next_invoice_sequence=1,
        invoice_settings={"custom_fields": None, "default_payment_method": None, "footer": None,
                          "rendering_options": None},
        preferred_locales=[], shipping=None, tax_exempt="none", test_clock=None,
    )  # fmt: skip
    if number := forms.text(data, "payment_method"):
        methods.attach(world, methods.named(request, number), row["id"])
    _settle_default(row, data)
    events.tell(world, "customer.created", objects.keep(world, row))
    return objects.answer(request, row)


@MOUNT.call("GET", "/customers", lookup=True)
def listed(request: Request) -> Answer:
    """By email."""
    return objects.page(request, "customers", ("email",))


@MOUNT.call("GET", "/customers/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One customer."""
    return objects.answer(request, objects.find(request, "customers", request.args["id"]))


@MOUNT.call("POST", "/customers/{id}")
def update(request: Request) -> Answer:
    """Names, metadata and the default method."""
    row, data = objects.find(request, "customers", request.args["id"]), request.data
    forms.refuse_unknown(data, KNOWN)
    row |= {name: forms.text(data, name) for name in PLAIN if name in data}
    row["metadata"] = forms.metadata(data, row["metadata"])
    _settle_default(row, data)
    return objects.answer(request, objects.keep(request.world, row))


@MOUNT.call("DELETE", "/customers/{id}")
def delete(request: Request) -> Answer:
    """For good; its methods can't be charged."""
    row = objects.find(request, "customers", request.args["id"])
    objects.table(request.world, "customers").drop(row["id"])
    return Answer({"id": row["id"], "object": "customer", "deleted": True})


@MOUNT.call("GET", "/customers/{id}/payment_methods", lookup=True)
def kept(request: Request) -> Answer:
    """The methods that a customer has."""
    customer = objects.find(request, "customers", request.args["id"])
    return objects.page(request, "payment_methods", ("type",), customer=customer["id"])


def _settle_default(row: dict[str, Any], data: dict[str, Any]) -> None:
    given = data.get("invoice_settings")
    if isinstance(given, dict) and "default_payment_method" in given:
        row["invoice_settings"]["default_payment_method"] = given["default_payment_method"] or None
