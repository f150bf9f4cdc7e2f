"""What Stripe tells of: events, kept for a month to be listed, and sent as callbacks."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.stripe import forms, money, objects
from sandbox.gateways.stripe.mount import API_VERSION, MOUNT, NAME, PLATFORM
from sandbox.gateways.world import World


def tell(world: World, kind: str, row: dict[str, Any], **previous: Any) -> None:
    """An event of this type about a row as it is now; ``previous``: attributes that changed, as they were."""
    data = {"object": objects.shown(row)} | ({"previous_attributes": previous} if previous else {})
    account = row["_account"]
    event = objects.make(
        world, "evt_", "event", account,
        api_version=API_VERSION, data=data, pending_webhooks=1, type=kind,
        request={"id": None, "idempotency_key": row.get("_key") or None},
        **({"account": account} if account != PLATFORM else {}),
    )  # fmt: skip
    payload, reference = objects.shown(event), money.reference(world, row)
    world.hooks.send(NAME, kind, payload, reference=reference, event_id=event["id"])


@MOUNT.call("GET", "/events", lookup=True)
def listed(request: Request) -> Answer:
    """By ``type`` or ``types[]`` and ``created``: what fills the gaps of callbacks."""
    data = request.data
    types = data.pop("types", None) or ([data["type"]] if data.get("type") else [])
    data.pop("type", None)
    delivered = forms.text(data, "delivery_success")
    data.pop("delivery_success", None)
    forms.refuse_unknown(data, {"limit", "starting_after", "ending_before", "created"})
    rows = objects.matching(request, "events")
    rows = [row for row in rows if not types or _fits(row["type"], types)]
    if delivered:
        states = {each["event_id"]: each["state"] for each in request.world.hooks.listed(provider=NAME)}
        wanted = delivered == "true"
        rows = [row for row in rows if (states.get(row["id"]) == "delivered") is wanted]
    return objects.cut(request, rows)


@MOUNT.call("GET", "/events/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One event."""
    return objects.answer(request, objects.find(request, "events", request.args["id"]))


def _fits(kind: str, types: list[str]) -> bool:
    return any(kind == each or (each.endswith("*") and kind.startswith(each[:-1])) for each in types)
