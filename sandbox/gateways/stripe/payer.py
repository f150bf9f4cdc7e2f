"""The page a payer sees: a test card to choose, or a bank that asks whether it was them.

``/stripe/pay/{client_secret}`` of a payment or setup intent; it is what ``next_action`` links to, and what the
demo shows instead of Stripe's own fields in a browser.
"""

from typing import Any
from urllib.parse import parse_qs

from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.mount import Mount
from sandbox.gateways.pages import choice, form, page, redirect
from sandbox.gateways.stripe import cards, charging, judging, methods, objects, setups
from sandbox.gateways.stripe.mount import MOUNT
from sandbox.gateways.world import World

Row = dict[str, Any]


class Payer(Mount):
    """Beside the API, not below its path."""

    name, path = "stripe-pages", "/stripe/pay"


PAGES = Payer()


@PAGES.route("GET", "/{secret}", page=True)
def show(request: Request) -> Answer:
    """What is asked of the payer now."""
    row = _row(request.world, request.args["secret"])
    facts = {"Status": row["status"]}
    if row["object"] == "payment_intent":
        facts["Amount"] = f"{row['amount']} {row['currency'].upper()} in minor units"
    action = f"/stripe/pay/{row['client_secret']}"
    if row["status"] == "requires_action":
        return page(
            "Your bank asks: was it you?", facts, [form(action, {"yes": "It was me", "no": "Not me"})]
        )
    if row["status"] in ("requires_payment_method", "requires_confirmation"):
        options = {card.token: f"{card.number} {card.token.removeprefix('pm_card_')}" for card in cards.CARDS}
        return page("Pay by card", facts, [form(action, {"card": "Pay"}, choice("card", options))])
    return page("Nothing is asked of you", facts)


@PAGES.route("POST", "/{secret}", page=True)
def press(request: Request) -> Answer:
    """A button: the card is tried, or the bank is answered."""
    row = _row(request.world, request.args["secret"])
    pressed = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    if pressed.get("do") == "card":
        _try(request, row, pressed.get("card", ""))
    else:
        answer_bank(request.world, {"intent": row["id"], "agrees": pressed.get("do") == "yes"})
    back = row.get("_return_url")
    if row["status"] == "requires_action" or not back:
        return redirect(f"/stripe/pay/{row['client_secret']}")
    name = row["object"]
    return redirect(f"{back}{'&' if '?' in back else '?'}{name}={row['id']}&redirect_status={row['status']}")


@MOUNT.control("authenticate")
def answer_bank(world: World, data: dict[str, Any]) -> Row:
    """{intent, agrees}: the payer tells their bank whether it was them."""
    name = "setup_intents" if data["intent"].startswith("seti_") else "payment_intents"
    row = objects.table(world, name).get(data["intent"])
    if row is None or row["status"] != "requires_action":
        raise LookupError("no such intent asks its payer")
    method = objects.table(world, "payment_methods").get(row["payment_method"])
    assert method is not None
    if name == "setup_intents":
        setups.finish(world, row) if data["agrees"] else setups.refuse(world, row, method)
    elif data["agrees"]:
        charging.pay(world, row)
    else:
        code = "payment_intent_authentication_failure"
        charging.decline(world, row, judging.Verdict(judging.DECLINES, code, "authentication_required"))
    return objects.shown(row)


def _try(request: Request, row: Row, token: str) -> None:
    request.data, request.headers = {}, {}
    row["payment_method"] = methods.named(request, token)["id"]
    try:
        if row["object"] == "setup_intent":
            setups.attempt(request, row)
        else:
            charging.confirm(request, row, off_session=False)
    except Refused:
        objects.keep(request.world, row)  # the page shows what became of it


def _row(world: World, secret: str) -> Row:
    name = "setup_intents" if secret.startswith("seti_") else "payment_intents"
    row = objects.table(world, name).get(secret.partition("_secret_")[0])
    if row is None or row["client_secret"] != secret:
        raise Refused(404, b"no such payment")
    return row
