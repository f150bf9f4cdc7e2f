"""The control API under ``/_sim/``: what tests and the demo steer the outside world by, and see its truth by."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.gateways.books import OUTSIDE, Account
from sandbox.gateways.clock import ClockError
from sandbox.gateways.faults import FaultError, to_row
from sandbox.gateways.world import World

PREFIX = "/_sim/"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to the panel: the rest of the path, the query and the body's members."""

    world: World
    rest: list[str]
    query: dict[str, str]
    data: dict[str, Any]


class PanelError(ValueError):
    """A request to the panel that makes no sense; the text says why."""


def answer(world: World, verb: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
    """Status and JSON of a request to the panel."""
    name, *rest = path.removeprefix(PREFIX).split("/")
    handler = CALLS.get((verb, name))
    if handler is None:
        return 404, {"error": f"no {verb} /_sim/{name}"}
    try:
        data = json.loads(body) if body else {}
        if not isinstance(data, dict):
            raise PanelError("the body is a JSON object")
        return 200, handler(Asked(world, [part for part in rest if part], query, data))
    except (PanelError, ClockError, FaultError, LookupError, ValueError, TypeError) as error:
        return 400, {"error": f"{type(error).__name__}: {error}"}


def see_clock(asked: Asked) -> Any:
    clock = asked.world.clock
    return {"now": clock.now(), "running": clock.running, "timers": len(asked.world.timers.pending())}


def set_clock(asked: Asked) -> Any:
    """``now`` (unix seconds) or ``advance`` (seconds), and ``running``; what came due is done."""
    clock, data = asked.world.clock, asked.data
    if "now" in data:
        clock.set(data["now"])
    if "advance" in data:
        clock.advance(data["advance"])
    if "running" in data:
        clock.run(bool(data["running"]))
    return {"done": asked.world.timers.run(), **see_clock(asked)}


def see_balances(asked: Asked) -> Any:
    return asked.world.books.balances(asked.query.get("provider", ""))


def give_balance(asked: Asked) -> Any:
    """Put money on an account from outside: {account: "stripe:platform:available", currency, amount}."""
    provider, owner, part = asked.data["account"].split(":")
    account, books = Account(provider, owner, part), asked.world.books
    outside = Account(asked.world.mount(provider).name, OUTSIDE, "world")
    amount, currency = asked.data["amount"], asked.data["currency"]
    kind, pair = ("seed", (outside, account)) if amount >= 0 else ("drain", (account, outside))
    if amount:
        books.move(kind, *pair, abs(amount), currency)
    return {"balance": books.balance(account, currency)}


def see_settings(asked: Asked) -> Any:
    (provider,) = asked.rest
    return asked.world.settings(provider)


def set_settings(asked: Asked) -> Any:
    (provider,) = asked.rest
    return asked.world.configure(provider, asked.data)


def fix_outcome(asked: Asked) -> Any:
    """{provider, word, outcome: {...} or null}."""
    asked.world.fix_outcome(asked.data["provider"], asked.data["word"], asked.data.get("outcome"))
    return asked.world.outcomes()


def set_fault(asked: Asked) -> Any:
    return to_row(asked.world.rules.set(asked.data))


def clear_faults(asked: Asked) -> Any:
    return {"removed": asked.world.rules.clear(int(asked.rest[0]) if asked.rest else None)}


def see_hooks(asked: Asked) -> Any:
    return asked.world.hooks.listed(**asked.query)


def steer_hooks(asked: Asked) -> Any:
    """``hold`` {provider}, ``release`` {provider, ids}, ``resend`` {ids}."""
    hooks, data = asked.world.hooks, asked.data
    match asked.rest:
        case ["hold"]:
            hooks.hold(data.get("provider", ""))
            return {}
        case ["release"]:
            return {"sent": hooks.release(data.get("provider", ""), data.get("ids"))}
        case ["resend"]:
            return {"sent": hooks.resend(data["ids"])}
    raise PanelError("hold, release or resend")


def see_ledger(asked: Asked) -> Any:
    """Every movement of money: the truth. ``since`` and any member (provider, kind, reference)."""
    query = dict(asked.query)
    return asked.world.books.movements(int(query.pop("since", 0)), **query)


def see_requests(asked: Asked) -> Any:
    query = dict(asked.query)
    since, limit = int(query.pop("since", 0)), int(query.pop("limit", 1000))
    return asked.world.journal.listed(since, limit, **query)


def see_assertions(asked: Asked) -> Any:
    """What must not be: references paid twice, and accounts of a gateway below zero."""
    books = asked.world.books
    doubles, overdrawn = books.doubles(), books.overdrawn()
    return {"ok": not doubles and not overdrawn, "doubles": doubles, "overdrawn": overdrawn}


def reseed(asked: Asked) -> Any:
    asked.world.reseed(int(asked.data["seed"]))
    return {}


def do(asked: Asked) -> Any:
    """What a mount offers of its own: ``POST /_sim/do/{provider}/{name}``."""
    provider, name = asked.rest
    controls = asked.world.mount(provider).controls
    if name not in controls:
        raise PanelError(f"{provider} can {', '.join(controls) or 'nothing'}, not {name}")
    return controls[name](asked.world, asked.data)


CALLS: dict[tuple[str, str], Callable[[Asked], Any]] = {
    ("GET", "clock"): see_clock,
    ("POST", "clock"): set_clock,
    ("POST", "seed"): reseed,
    ("GET", "balances"): see_balances,
    ("POST", "balances"): give_balance,
    ("GET", "settings"): see_settings,
    ("POST", "settings"): set_settings,
    ("GET", "outcomes"): lambda asked: asked.world.outcomes(),
    ("POST", "outcomes"): fix_outcome,
    ("GET", "faults"): lambda asked: asked.world.rules.listed(),
    ("POST", "faults"): set_fault,
    ("DELETE", "faults"): clear_faults,
    ("GET", "webhooks"): see_hooks,
    ("POST", "webhooks"): steer_hooks,
    ("GET", "ledger"): see_ledger,
    ("GET", "requests"): see_requests,
    ("GET", "assertions"): see_assertions,
    ("GET", "timers"): lambda asked: asked.world.timers.pending(),
    ("POST", "do"): do,
}
