"""How a payer gives us a card: at Stripe's own fields, so that we only ever see its token and its last four digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.core.errors import Refusal
from engine.providers.abilities import Payer, SetupAsked, SetupFound
from engine.providers.edge.faults import Fault
from engine.providers.edge.redact import redact
from engine.providers.stripe import refusal
from engine.providers.stripe.client import Api, Refused
from engine.providers.stripe.reading import Json, Odd, check, named, part, text, word

if TYPE_CHECKING:
    from stripe._v1_services import V1Services
    from stripe.params import CustomerCreateParams, SetupIntentCreateParams, SetupIntentRetrieveParams

_LABEL = ("brand", "last4", "exp_month", "exp_year", "bank_name")


def ask(api: Api, payer: Payer, reference: str) -> SetupAsked:
    """A customer of its own and a SetupIntent. Calls out. Raises Refusal, ProviderUnavailable.

    Its details name the set-up; both calls have keys made of `reference`, so that asking again makes no second one.
    """
    payer_key, setup_key = _key(f"{reference}-customer"), _key(f"{reference}-setup")
    customer = _made(api, "customer", lambda v1: v1.customers.create(_customer(payer), payer_key))
    params: SetupIntentCreateParams = {
        "customer": customer["id"],
        "usage": "off_session",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {"reference": reference},
    }
    setup = _made(api, "setup_intent", lambda v1: v1.setup_intents.create(params, setup_key))
    details = {"customer": customer["id"], "setup_intent": setup["id"], "reference": reference}
    return SetupAsked("hosted_fields", details, client_secret=text(setup, "client_secret"))


def find(api: Api, details: Json) -> SetupFound:
    """What became of it. Calls out. Raises ProviderUnavailable."""
    params: SetupIntentRetrieveParams = {"expand": ["payment_method"]}
    setup_ref = str(details["setup_intent"])
    try:
        found = api.ask("setup", lambda v1: v1.setup_intents.retrieve(setup_ref, params)).found
        check(found, "setup_intent", live=api.account.live)
        status = word(found, "status")
    except (Fault, Refused) as fault:
        raise refusal.unavailable(fault) from None
    except Odd as odd:
        raise refusal.odd(odd) from None
    method = named(found, "payment_method")
    if status == "succeeded" and method:
        kept = {**details, "source": method, "payment_method": method}
        return SetupFound(True, details=kept, label=_label(part(found, "payment_method")))
    error = part(found, "last_setup_error")
    if status == "requires_payment_method" and error:
        code = text(error, "decline_code") or text(error, "code") or "card_declined"
        return SetupFound(False, code, redact(text(error, "message")))
    return SetupFound(False, status, "The payer has not finished it.")


def forget(api: Api, details: Json) -> None:
    """Detach the card: it can't be charged again. One that is gone already is well. Calls out.

    Raises ProviderUnavailable.
    """
    method = str(details.get("payment_method") or "")
    if not method:
        return
    try:
        api.ask("setup", lambda v1: v1.payment_methods.detach(method))
    except Fault as fault:
        raise fault.unavailable() from None
    except Refused as refused:
        if refused.status not in (400, 404):
            raise refusal.unavailable(refused) from None


def _customer(payer: Payer) -> CustomerCreateParams:
    wanted: CustomerCreateParams = {"metadata": {"customer_id": str(payer.customer_id)}}
    if payer.name:
        wanted["name"] = payer.name
    if payer.email:
        wanted["email"] = payer.email
    if payer.phone:
        wanted["phone"] = payer.phone
    return wanted


def _made(api: Api, kind: str, call: Callable[[V1Services], Any]) -> Json:
    """An object that was asked for. Raises Refusal where Stripe does not take what was given."""
    try:
        found = api.ask("setup", call).found
        check(found, kind, live=api.account.live)
    except Odd as odd:
        raise refusal.odd(odd) from None
    except Refused as refused:
        if refused.status in (400, 402, 404) and refused.error:
            raise Refusal("setup_refused", f"Stripe refuses it: {refused.message}") from None
        raise refusal.unavailable(refused) from None
    except Fault as fault:
        raise fault.unavailable() from None
    return found


def _label(method: Json) -> dict[str, Any]:
    """What a person knows it by, of a card or of what its type names."""
    shown = part(method, text(method, "type"))
    return {name: shown[name] for name in _LABEL if isinstance(shown.get(name), str | int)}


def _key(key: str) -> Any:
    return {"idempotency_key": key}
