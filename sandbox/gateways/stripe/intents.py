"""Payment intents: made unconfirmed or confirmed at once, confirmed, changed, canceled, looked up."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.stripe import charging, errors, events, forms, methods, objects
from sandbox.gateways.stripe.mount import MOUNT

Row = dict[str, Any]
COMMON = ("amount", "currency", "customer", "description", "metadata", "payment_method", "payment_method_types",
          "receipt_email", "setup_future_usage", "statement_descriptor", "statement_descriptor_suffix",
          "transfer_group", "payment_method_options")  # fmt: skip
CONFIRMING = ("off_session", "return_url", "error_on_requires_action", "use_stripe_sdk", "mandate_data")
CREATING = (
    *COMMON,
    *CONFIRMING,
    "confirm",
    "automatic_payment_methods",
    "capture_method",
    "confirmation_method",
)
PLAIN = ("description", "receipt_email", "setup_future_usage", "statement_descriptor",
         "statement_descriptor_suffix", "transfer_group")  # fmt: skip
LEAST = {"usd": 50, "eur": 50, "cad": 50, "aud": 50, "gbp": 30, "jpy": 50}
MOST = 99_999_999
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


@MOUNT.call("POST", "/payment_intents")
def create(request: Request) -> Answer:
    """Unconfirmed unless ``confirm``. A card that is refused answers 402, and the intent exists all the same."""
    data, world = request.data, request.world
    forms.refuse_unknown(data, CREATING)
    forms.choice(data, "capture_method", ("automatic", "automatic_async"), "automatic")
    amount, currency = _amount(data, forms.currency(data))
    confirming = forms.boolean(data, "confirm")
    customer = _customer(request)
    method = _method(request, customer)
    if confirming and not method:
        raise errors.invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="parameter_missing", param="payment_method",
        )  # fmt: skip
    row = _make(request, amount, currency, customer, method)
    events.tell(world, "payment_intent.created", row)
    if confirming:
        charging.confirm(request, row, off_session=_off_session(data))
    return objects.answer(request, row)


@MOUNT.call("GET", "/payment_intents", lookup=True)
def listed(request: Request) -> Answer:
    """By customer and ``created``."""
    return objects.page(request, "payment_intents", ("customer",))


@MOUNT.call("GET", "/payment_intents/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One intent."""
    return objects.answer(request, objects.find(request, "payment_intents", request.args["id"], "intent"))


@MOUNT.call("POST", "/payment_intents/{id}")
def update(request: Request) -> Answer:
    """Before it is confirmed: everything; after that metadata and description."""
    row, data = objects.find(request, "payment_intents", request.args["id"], "intent"), request.data
    forms.refuse_unknown(data, COMMON)
    if row["status"] not in OPEN and data.keys() - {"metadata", "description", "expand"}:
        raise _unexpected(row, "update")
    if "amount" in data or "currency" in data:
        given = {"amount": str(row["amount"]), "currency": row["currency"], **data}
        row["amount"], row["currency"] = _amount(given, forms.currency(given))
    if "customer" in data:
        row["customer"] = _customer(request)
    if "payment_method" in data and (method := _method(request, row["customer"])):
        row |= {"payment_method": method, "status": "requires_confirmation"}
    row |= {name: forms.text(data, name) for name in PLAIN if name in data}
    row["metadata"] = forms.metadata(data, row["metadata"])
    return objects.answer(request, objects.keep(request.world, row))


@MOUNT.call("POST", "/payment_intents/{id}/confirm")
def confirm(request: Request) -> Answer:
    """Charge it, once: a second confirm of what succeeded is refused."""
    row, data = objects.find(request, "payment_intents", request.args["id"], "intent"), request.data
    forms.refuse_unknown(data, (*CONFIRMING, "payment_method", "setup_future_usage", "receipt_email",
                                "payment_method_types", "payment_method_options", "key", "client_secret"))  # fmt: skip
    secret_fits(data, row)
    if row["status"] not in OPEN:
        raise _unexpected(row, "confirm")
    if method := _method(request, row["customer"]):
        row["payment_method"] = method
    if not row["payment_method"]:
        raise errors.conflict(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            "payment_intent_unexpected_state", payment_intent=objects.shown(row),
        )  # fmt: skip
    row["_key"] = request.key or row["_key"]
    row["_return_url"] = forms.text(data, "return_url") or row["_return_url"]
    charging.confirm(request, row, off_session=_off_session(data))
    return objects.answer(request, row)


@MOUNT.call("POST", "/payment_intents/{id}/cancel")
def cancel(request: Request) -> Answer:
    """From now on it can't be confirmed."""
    row, data = objects.find(request, "payment_intents", request.args["id"], "intent"), request.data
    forms.refuse_unknown(data, ("cancellation_reason",))
    reason = forms.text(data, "cancellation_reason")
    if reason and reason not in REASONS:
        raise errors.invalid("Invalid cancellation_reason", param="cancellation_reason")
    if row["status"] not in OPEN:
        raise _unexpected(row, "cancel")
    row |= {
        "status": "canceled",
        "canceled_at": int(request.world.clock.now()),
        "cancellation_reason": reason,
    }
    row["next_action"] = None
    events.tell(request.world, "payment_intent.canceled", objects.keep(request.world, row))
    return objects.answer(request, row)


@MOUNT.call("GET", "/charges", lookup=True)
def charges(request: Request) -> Answer:
    """The charges of an intent or a customer."""
    return objects.page(request, "charges", ("payment_intent", "customer", "transfer_group"))


@MOUNT.call("GET", "/charges/{id}", lookup=True)
def charge(request: Request) -> Answer:
    """One charge."""
    return objects.answer(request, objects.find(request, "charges", request.args["id"], "charge"))


def secret_fits(data: dict[str, Any], row: Row) -> None:
    """A browser shows the client secret instead of a secret key; 404 where it is another one's."""
    given = data.get("client_secret")
    if given is not None and given != row["client_secret"]:
        raise errors.missing(row["object"], row["id"], "intent")


def _amount(data: dict[str, Any], currency: str) -> tuple[int, str]:
    amount = forms.amount(data) or 0
    if amount < LEAST.get(currency, 1):
        message = f"Amount must be at least {LEAST[currency]} in {currency}."
        raise errors.invalid(message, code="amount_too_small", param="amount")
    if amount > MOST:
        raise errors.invalid("Amount is too large.", code="amount_too_large", param="amount")
    return amount, currency


def _customer(request: Request) -> str | None:
    number = forms.text(request.data, "customer")
    return objects.find(request, "customers", number, "customer")["id"] if number else None


def _method(request: Request, customer: str | None) -> str | None:
    number = forms.text(request.data, "payment_method")
    if not number:
        return None
    row = methods.named(request, number)
    if row["customer"] and row["customer"] != customer:
        raise errors.invalid(
            "The payment method supplied belongs to a Customer. Include the Customer in the `customer` parameter.",
            param="payment_method",
        )
    found: str = row["id"]
    return found


def _off_session(data: dict[str, Any]) -> bool:
    return data.get("off_session") not in (None, "", "false")


def _unexpected(row: Row, verb: str) -> Exception:
    message = f"You cannot {verb} this PaymentIntent because it has a status of {row['status']}."
    return errors.conflict(message, "payment_intent_unexpected_state", payment_intent=objects.shown(row))


def _make(request: Request, amount: int, currency: str, customer: str | None, method: str | None) -> Row:
    data, world = request.data, request.world
    automatic = isinstance(data.get("automatic_payment_methods"), dict)
    row = objects.make(
        world, "pi_", "payment_intent", objects.owner(request),
        amount=amount, amount_capturable=0, amount_details={"tip": {}}, amount_received=0, application=None,
        application_fee_amount=None, automatic_payment_methods={"enabled": True} if automatic else None,
        canceled_at=None, cancellation_reason=None, capture_method="automatic", client_secret="",
        confirmation_method="automatic", currency=currency, customer=customer, last_payment_error=None,
        latest_charge=None, metadata=forms.metadata(data), next_action=None, on_behalf_of=None,
        payment_method=method, payment_method_configuration_details=None, payment_method_options={},
        payment_method_types=["card"], processing=None, review=None, shipping=None, transfer_data=None,
        status="requires_confirmation" if method else "requires_payment_method",
        **{name: forms.text(data, name) for name in PLAIN},
        _key=request.key, _return_url=forms.text(data, "return_url"),
    )  # fmt: skip
    row["client_secret"] = f"{row['id']}_secret_{world.fresh('')}"
    return objects.keep(world, row)
