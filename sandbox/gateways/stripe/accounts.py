"""Connected accounts and the banks they are paid at."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.stripe import cards, events, forms, objects
from sandbox.gateways.stripe.errors import invalid
from sandbox.gateways.stripe.mount import MOUNT, PLATFORM
from sandbox.gateways.world import World

Row = dict[str, Any]
KNOWN = ("type", "country", "email", "metadata", "external_account", "capabilities", "business_type",
         "business_profile", "default_currency", "individual", "company", "tos_acceptance", "settings",
         "controller")  # fmt: skip
NOTHING_DUE: dict[str, Any] = {
    "alternatives": [], "current_deadline": None, "currently_due": [], "disabled_reason": None, "errors": [],
    "eventually_due": [], "past_due": [], "pending_verification": [],
}  # fmt: skip


@MOUNT.call("POST", "/accounts")
def create(request: Request) -> Answer:
    """Able to be paid at once; ``external_account`` names its bank."""
    data, world = request.data, request.world
    forms.refuse_unknown(data, KNOWN)
    row = objects.make(
        world, "acct_", "account", PLATFORM,
        business_profile=None, business_type=forms.text(data, "business_type"),
        capabilities={"card_payments": "active", "transfers": "active"}, charges_enabled=True,
        country=forms.text(data, "country") or "US", details_submitted=True,
        default_currency=forms.text(data, "default_currency") or "usd", email=forms.text(data, "email"),
        external_accounts={}, future_requirements=dict(NOTHING_DUE), metadata=forms.metadata(data),
        payouts_enabled=True, requirements=dict(NOTHING_DUE), settings=_settings(), tos_acceptance={"date": None},
        type=forms.choice(data, "type", ("custom", "express", "standard"), "express"),
    )  # fmt: skip
    del row["livemode"]  # the one object that has none
    _settle_bank(world, row, data)
    objects.keep(world, row)
    return objects.answer(request, row)


@MOUNT.call("GET", "/accounts", lookup=True)
def listed(request: Request) -> Answer:
    """All of them."""
    return objects.page(request, "accounts")


@MOUNT.call("GET", "/accounts/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One account."""
    return objects.answer(request, objects.find(request, "accounts", request.args["id"], "account"))


@MOUNT.call("POST", "/accounts/{id}")
def update(request: Request) -> Answer:
    """Its bank, email and metadata."""
    row, data = objects.find(request, "accounts", request.args["id"], "account"), request.data
    forms.refuse_unknown(data, KNOWN)
    row["metadata"] = forms.metadata(data, row["metadata"])
    row["email"] = forms.text(data, "email") or row["email"]
    _settle_bank(request.world, row, data)
    events.tell(request.world, "account.updated", objects.keep(request.world, row))
    return objects.answer(request, row)


@MOUNT.call("DELETE", "/accounts/{id}")
def delete(request: Request) -> Answer:
    """For good."""
    row = objects.find(request, "accounts", request.args["id"], "account")
    objects.table(request.world, "accounts").drop(row["id"])
    return Answer({"id": row["id"], "object": "account", "deleted": True})


@MOUNT.control("limit_account")
def limit(world: World, data: dict[str, Any]) -> Row:
    """{account, payouts_enabled, transfers}: Stripe stops (or frees) what an account may do."""
    row = objects.table(world, "accounts").get(data["account"])
    if row is None:
        raise LookupError("no such account")
    row["payouts_enabled"] = data.get("payouts_enabled", row["payouts_enabled"])
    row["capabilities"]["transfers"] = data.get("transfers", row["capabilities"]["transfers"])
    events.tell(world, "account.updated", objects.keep(world, row))
    return objects.shown(row)


def _settle_bank(world: World, row: Row, data: dict[str, Any]) -> None:
    given = data.get("external_account")
    bank = None
    if isinstance(given, str) and given:
        given = {"account_number": given.removeprefix("btok_us_")}
    if isinstance(given, dict):
        number = given.get("account_number")
        if not number:
            raise invalid("Missing required param: external_account[account_number].", code="parameter_missing",
                          param="external_account[account_number]")  # fmt: skip
        row["_bank_fails"] = cards.BANKS.get(number, "")
        bank = {
            "id": world.fresh("ba_"), "object": "bank_account", "account": row["id"], "account_holder_name": None,
            "account_holder_type": None, "account_type": None, "available_payout_methods": ["standard", "instant"],
            "bank_name": "STRIPE TEST BANK", "country": given.get("country", "US"),
            "currency": given.get("currency", "usd"), "default_for_currency": True,
            "fingerprint": f"simbank{number[-4:]}", "last4": number[-4:], "metadata": {},
            "routing_number": given.get("routing_number", "110000000"), "status": "new",
        }  # fmt: skip
    if bank or not row["external_accounts"]:
        url = f"/v1/accounts/{row['id']}/external_accounts"
        found = {"object": "list", "data": [bank] if bank else [], "has_more": False, "url": url}
        row["external_accounts"] = found


def _settings() -> Row:
    prefixes = {"statement_descriptor_prefix": None, "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None}  # fmt: skip
    payments = {
        "statement_descriptor": None,
        "statement_descriptor_kana": None,
        "statement_descriptor_kanji": None,
    }
    schedule = {"delay_days": 2, "interval": "manual"}
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {"decline_on": {"avs_failure": False, "cvc_failure": False}, **prefixes},
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "payments": payments,
        "payouts": {"debit_negative_balances": True, "schedule": schedule, "statement_descriptor": None},
    }
