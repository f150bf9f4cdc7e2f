"""Payment methods: test cards by number or by Stripe's names for them, kept on a customer or not."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.stripe import cards, forms, objects
from sandbox.gateways.stripe.errors import conflict, declined, invalid
from sandbox.gateways.stripe.mount import MOUNT
from sandbox.gateways.world import World

NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def make(world: World, account: str, card: cards.Card, data: dict[str, Any]) -> dict[str, Any]:
    """A method of a test card; of its number the last four digits alone are shown."""
    given = data.get("billing_details") or {}
    billing = {"address": NO_ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}
    wallet = {"country": "US", "display_brand": card.brand, "exp_month": 8, "exp_year": 2034}
    checks = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}
    shown = {
        "brand": card.brand, "checks": checks, **wallet, "fingerprint": f"sim{card.last4}{card.brand}",
        "funding": "credit", "generated_from": None, "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None}, "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True}, "wallet": None,
    }  # fmt: skip
    return objects.make(
        world, "pm_", "payment_method", account,
        allow_redisplay="unspecified", billing_details=billing | given, card=shown, customer=None,
        customer_account=None, metadata=forms.metadata(data), type="card",
        _token=card.token, _authenticated=False,
    )  # fmt: skip


def named(request: Request, number: str) -> dict[str, Any]:
    """The method of this id; a test name (``pm_card_visa``) makes a new one, as at Stripe."""
    card = cards.BY_TOKEN.get(number)
    if card:
        return make(request.world, objects.owner(request), card, {})
    return objects.find(request, "payment_methods", number, "payment_method")


def attach(world: World, method: dict[str, Any], customer: str) -> None:
    """Keep a method on a customer; 402 where the issuer refuses even that."""
    card = cards.BY_TOKEN[method["_token"]]
    if card.setup_declines:
        raise declined(
            cards.message(card.decline), code=card.code, decline_code=card.decline,
            advice_code=cards.ADVICE.get(card.decline),
        )  # fmt: skip
    if method["customer"] not in (None, customer):
        raise conflict(
            "The payment method you provided has already been attached to a customer.",
            "payment_method_unexpected_state",
        )
    method["customer"] = customer
    objects.keep(world, method)


@MOUNT.call("POST", "/payment_methods")
def create(request: Request) -> Answer:
    """From ``card[number]`` or ``card[token]=tok_visa``."""
    data = request.data
    forms.refuse_unknown(data, ("type", "card", "billing_details", "metadata", "allow_redisplay", "key"))
    forms.choice(data, "type", ("card",), "card")
    given = data.get("card")
    if not isinstance(given, dict):
        raise invalid("Missing required param: card.", code="parameter_missing", param="card")
    token = f"pm_card_{given['token'].removeprefix('tok_')}" if "token" in given else ""
    card = cards.BY_TOKEN.get(token) or cards.BY_NUMBER.get(str(given.get("number", "")).replace(" ", ""))
    if card is None:
        raise declined("Your card number is incorrect.", code="incorrect_number", param="number")
    return objects.answer(request, make(request.world, objects.owner(request), card, data))


@MOUNT.call("GET", "/payment_methods", lookup=True)
def listed(request: Request) -> Answer:
    """Of a customer."""
    return objects.page(request, "payment_methods", ("customer", "type"))


@MOUNT.call("GET", "/payment_methods/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One method."""
    return objects.answer(request, objects.find(request, "payment_methods", request.args["id"]))


@MOUNT.call("POST", "/payment_methods/{id}")
def update(request: Request) -> Answer:
    """Metadata."""
    row = objects.find(request, "payment_methods", request.args["id"])
    forms.refuse_unknown(request.data, ("metadata", "billing_details", "card", "allow_redisplay"))
    row["metadata"] = forms.metadata(request.data, row["metadata"])
    return objects.answer(request, objects.keep(request.world, row))


@MOUNT.call("POST", "/payment_methods/{id}/attach")
def attached(request: Request) -> Answer:
    """Keep it on a customer."""
    forms.refuse_unknown(request.data, ("customer",))
    number = forms.text(request.data, "customer", required=True)
    customer = objects.find(request, "customers", number, "customer")
    row = named(request, request.args["id"])
    attach(request.world, row, customer["id"])
    return objects.answer(request, row)


@MOUNT.call("POST", "/payment_methods/{id}/detach")
def detached(request: Request) -> Answer:
    """Take it from its customer; it can't be charged again."""
    row = objects.find(request, "payment_methods", request.args["id"])
    row |= {"customer": None, "_detached": True}
    return objects.answer(request, objects.keep(request.world, row))
