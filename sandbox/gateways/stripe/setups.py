"""Setup intents: a card is kept for later without being charged."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.stripe import cards, charging, errors, events, forms, intents, judging, methods, objects
from sandbox.gateways.stripe.mount import MOUNT
from sandbox.gateways.world import World

Row = dict[str, Any]
CONFIRMING = ("payment_method", "return_url", "mandate_data", "use_stripe_sdk", "payment_method_options")
CREATING = (*CONFIRMING, "customer", "description", "metadata", "usage", "confirm", "payment_method_types",
            "automatic_payment_methods")  # fmt: skip


@MOUNT.call("POST", "/setup_intents")
def create(request: Request) -> Answer:
    """Unconfirmed unless ``confirm``."""
    data, world = request.data, request.world
    forms.refuse_unknown(data, CREATING)
    number = forms.text(data, "customer")
    customer = objects.find(request, "customers", number, "customer")["id"] if number else None
    name = forms.text(data, "payment_method")
    method = methods.named(request, name)["id"] if name else None
    row = objects.make(
        world, "seti_", "setup_intent", objects.owner(request),
        application=None, automatic_payment_methods=None, cancellation_reason=None, client_secret="",
        customer=customer, description=forms.text(data, "description"), flow_directions=None,
        last_setup_error=None, latest_attempt=None, mandate=None, metadata=forms.metadata(data),
        next_action=None, on_behalf_of=None, payment_method=method, payment_method_options={},
        payment_method_configuration_details=None, payment_method_types=["card"], single_use_mandate=None,
        status="requires_confirmation" if method else "requires_payment_method",
        usage=forms.choice(data, "usage", ("off_session", "on_session"), "off_session"),
        _key=request.key, _return_url=forms.text(data, "return_url"),
    )  # fmt: skip
    row["client_secret"] = f"{row['id']}_secret_{world.fresh('')}"
    events.tell(world, "setup_intent.created", objects.keep(world, row))
    if forms.boolean(data, "confirm"):
        attempt(request, row)
    return objects.answer(request, row)


@MOUNT.call("GET", "/setup_intents", lookup=True)
def listed(request: Request) -> Answer:
    """By customer."""
    return objects.page(request, "setup_intents", ("customer", "payment_method"))


@MOUNT.call("GET", "/setup_intents/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One setup."""
    return objects.answer(request, objects.find(request, "setup_intents", request.args["id"], "intent"))


@MOUNT.call("POST", "/setup_intents/{id}")
def update(request: Request) -> Answer:
    """Metadata and description."""
    row = objects.find(request, "setup_intents", request.args["id"], "intent")
    forms.refuse_unknown(request.data, ("metadata", "description"))
    row["metadata"] = forms.metadata(request.data, row["metadata"])
    return objects.answer(request, objects.keep(request.world, row))


@MOUNT.call("POST", "/setup_intents/{id}/confirm")
def confirm(request: Request) -> Answer:
    """Ask the issuer; by a browser with its client secret, too."""
    row, data = objects.find(request, "setup_intents", request.args["id"], "intent"), request.data
    forms.refuse_unknown(data, (*CONFIRMING, "key", "client_secret"))
    intents.secret_fits(data, row)
    if name := forms.text(data, "payment_method"):
        row["payment_method"] = methods.named(request, name)["id"]
    row["_return_url"] = forms.text(data, "return_url") or row["_return_url"]
    attempt(request, row)
    return objects.answer(request, row)


@MOUNT.call("POST", "/setup_intents/{id}/cancel")
def cancel(request: Request) -> Answer:
    """From now on it can't be confirmed."""
    row = objects.find(request, "setup_intents", request.args["id"], "intent")
    forms.refuse_unknown(request.data, ("cancellation_reason",))
    if row["status"] not in intents.OPEN:
        raise _unexpected(row)
    row |= {"status": "canceled", "cancellation_reason": forms.text(request.data, "cancellation_reason")}
    events.tell(request.world, "setup_intent.canceled", objects.keep(request.world, row))
    return objects.answer(request, row)


def attempt(request: Request, row: Row) -> None:
    """Set the method up, ask its holder, or 402."""
    world = request.world
    if row["status"] not in intents.OPEN or not row["payment_method"]:
        raise _unexpected(row)
    method = objects.find(request, "payment_methods", row["payment_method"], "payment_method")
    card = cards.BY_TOKEN[method["_token"]]
    if card.setup_declines:
        refuse(world, row, method)
        body = row["last_setup_error"]
        more = {name: value for name, value in body.items() if name not in ("message", "type")}
        raise errors.declined(body["message"], **more, setup_intent=objects.shown(row))
    if card.authenticates and not method["_authenticated"]:
        charging.ask(world, row, request.base)
    else:
        finish(world, row)


def finish(world: World, row: Row) -> None:
    """The card is kept, and its holder won't be asked off session."""
    method = objects.table(world, "payment_methods").get(row["payment_method"])
    assert method is not None
    method["_authenticated"] = True
    objects.keep(world, method)
    if row["customer"]:
        methods.attach(world, method, row["customer"])
    row |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
    events.tell(world, "setup_intent.succeeded", objects.keep(world, row))


def refuse(world: World, row: Row, method: Row) -> None:
    """The issuer, or its holder, said no."""
    card = cards.BY_TOKEN[method["_token"]]
    decline = card.decline or "authentication_required"
    code = card.code if card.decline else "setup_intent_authentication_failure"
    verdict = judging.Verdict(judging.DECLINES, code, decline)
    error = judging.refusal(verdict, objects.shown(method), None)
    row |= {"status": "requires_payment_method", "payment_method": None, "last_setup_error": error}
    row["next_action"] = None
    events.tell(world, "setup_intent.setup_failed", objects.keep(world, row))


def _unexpected(row: Row) -> Exception:
    message = f"This SetupIntent has a status of {row['status']}, or no payment method."
    return errors.conflict(message, "setup_intent_unexpected_state", setup_intent=objects.shown(row))
