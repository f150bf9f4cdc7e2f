"""How a gateway is added: the interface between a provider's module and the simulator's core.

A gateway is one ``Mount`` (or more: Flutterwave is one per version) made in its module as ``MOUNT`` and listed
in ``gateways.MOUNTS``. The core cuts requests, draws faults, replays idempotency keys, keeps the journal, the
clock, the books and the state file, and sends callbacks. The mount knows the gateway's words::

    class Paystack(Mount):
        name, path = "paystack", "/paystack"
        defaults = {"secret_keys": ["sk_test_simulator"], "webhook_url": "", "livemode": False}

        def check(self, request):              # credentials; raise Refused
        def references(self, request):         # the words by which fault rules find this request
        def error(self, kind, request):        # this gateway's answer for a fault: see Mount.error
        def sign(self, body, at):              # headers of a callback
    MOUNT = Paystack()

    @MOUNT.route("POST", "/transfer")          # {name} in a path: request.args["name"]
    def transfer(request: Request) -> Answer:
        world = request.world
        ...
    @MOUNT.route("GET", "/transfer/verify/{reference}", lookup=True)   # lookup: may be made stale or absent

    @MOUNT.action("settle")                    # done later: world.timers.after(600, "paystack", "settle", ref=...)
    def settle(world: World, members: dict) -> None: ...

A handler runs whole, alone and at once (one thread), so it needs no lock. What it may use:

* ``request.data`` - the parsed body (``Mount.parse``, JSON unless overridden), ``request.query``,
  ``request.args``, ``request.headers`` (lower case), ``request.body`` (raw bytes), ``request.key``.
* ``world.objects("paystack.transfers")`` - a ``store.Table`` of JSON rows: get, put (after each change), rows.
* ``world.books.move(...)``, ``.balance(Account)`` - money. Move it in the same handler that answers for it, and
  name ``reference`` (the caller's word: what the product calls the operation) and ``object_id``.
  Accounts: ``Account("paystack", "platform")`` is our available balance, ``Account("paystack", OUTSIDE, "payers")``
  and ``(..., OUTSIDE, "banks")`` the world; kinds of movement: ``Books.move``.
* ``world.clock.now()`` (unix seconds), ``world.clock.moment()``, ``world.timers.after(...)``.
* ``world.fresh("TRF_")`` - a new id of the seeded generator; ``world.random`` - the generator itself.
* ``world.settings("paystack")`` - ``defaults`` with what /_sim/settings changed.
* ``world.outcome("paystack", word, ...)`` - the outcome that /_sim/outcomes fixed for one of these words (our
  reference, an account, a card, an email), or None: then the gateway's own test values decide.
* ``world.hooks.send("paystack", type, payload, reference=..., event_id=...)`` - a signed callback (or what the
  rules of /_sim/faults make of it). ``payload`` is a dict; ``Mount.render`` makes the bytes.
* ``request.fault("paid_then_failed")`` - the rule of that kind drawn for this request, or None. Kinds that the
  core can't do alone are asked for here: late_reversal, paid_then_failed (``days``), bulk_partial (``share``),
  balance_drained is done by the core through ``Mount.drain``.
* ``request.base`` - ``http://host:port`` as the client wrote it, for links to payer pages.

A payer's own doing (pay, refuse, let it lapse) is a page: ``@MOUNT.route("GET", "/pay/{id}", page=True)`` made of
``pages.page``, and a ``@MOUNT.control("pay")`` beside it for tests; both call the same function.

``Refused(status, body)`` is an answer by exception. ``Answer.stored`` says whether an idempotency key keeps it.

Faults that change an answer (unknown_status, wrong_amount, wrong_currency, bulk_missing, bulk_shuffled) are
put on by ``Mount.distort``, which walks ``status_names``, ``amount_names``, ``currency_names`` below
``Mount.subject``: set those and override only what differs.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl

from sandbox.gateways import lies
from sandbox.gateways.messages import JSON_TYPE, Answer, Refused, Request

if TYPE_CHECKING:
    from sandbox.gateways.faults import Rule
    from sandbox.gateways.world import World


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """How a gateway keeps idempotency keys."""

    header: str
    """Lower case name of the request's header."""
    replayed: tuple[str, str]
    """The header that marks an answer as replayed."""
    seconds: float | None = 86_400
    """After so long the same key runs anew; None: never."""
    changed: str = "refuse"
    """What other parameters under the same key get: ``refuse`` (error("key_changed")) or ``replay``."""
    verbs: tuple[str, ...] = ("POST",)


Handler = Callable[[Request], Answer]
Action = Callable[["World", dict[str, Any]], None]
Control = Callable[["World", dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One call that a gateway knows."""

    verb: str
    pattern: str
    handler: Handler
    lookup: bool
    page: bool
    matches: re.Pattern[str]

    @property
    def name(self) -> str:
        """As fault rules and the journal write it: ``POST /transfer``."""
        return f"{self.verb} {self.pattern}"


class Mount:
    """One gateway at one path. Subclass it; the docstring of this module says how."""

    name: ClassVar[str]
    path: ClassVar[str]
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Settings: at least ``webhook_url``, ``webhook_secrets`` (if any) and ``livemode``."""
    keys: ClassVar[KeyPolicy | None] = None
    retry_seconds: ClassVar[tuple[float, ...]] = (60, 300, 1800, 3600)
    """Gaps between tries of a callback that was not taken."""
    hook_seconds: ClassVar[float] = 10
    """How long a callback waits for its answer, in real seconds."""
    status_names: ClassVar[tuple[str, ...]] = ("status",)
    amount_names: ClassVar[tuple[str, ...]] = ("amount",)
    currency_names: ClassVar[tuple[str, ...]] = ("currency",)

    def __init__(self) -> None:
        self.routes: list[Route] = []
        self.actions: dict[str, Action] = {}
        self.controls: dict[str, Control] = {}

    def route(
        self, verb: str, pattern: str, *, lookup: bool = False, page: bool = False
    ) -> Callable[[Handler], Handler]:
        """Register a handler. ``page``: for a browser, so no credentials, faults or keys. First match wins."""
        expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)

        def register(handler: Handler) -> Handler:
            compiled = re.compile(expression)
            self.routes.append(Route(verb, pattern, handler, lookup, page, compiled))
            return handler

        return register

    def action(self, name: str) -> Callable[[Action], Action]:
        """Register what ``world.timers.after`` may do later."""

        def register(action: Action) -> Action:
            self.actions[name] = action
            return action

        return register

    def control(self, name: str) -> Callable[[Control], Control]:
        """Register what a person at the outside does, at ``POST /_sim/do/{mount}/{name}``: a dispute, say.

        It gets the world and the members of the body, and gives what is shown. ValueError and LookupError
        are told as refusals.
        """

        def register(control: Control) -> Control:
            self.controls[name] = control
            return control

        return register

    # -- what a gateway says differently

    def parse(self, request: Request) -> Any:
        """The body as data. May raise Refused."""
        if not request.body:
            return {}
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        try:
            return json.loads(request.body)
        except ValueError:
            raise Refused(400, {"message": "the body is no JSON"}) from None

    def check(self, request: Request) -> None:
        """Raise Refused if the credentials are not those of the settings."""

    def references(self, request: Request) -> list[str]:
        """The words by which rules and the journal know this request; ``data`` may be what was sent."""
        data = request.data if isinstance(request.data, dict) else {}
        found = [data.get("reference"), request.query.get("reference"), *request.args.values(), request.key]
        return [str(word) for word in found if word]

    def scope(self, request: Request) -> str:
        """What an idempotency key belongs to: on Stripe the account."""
        return ""

    def error(self, kind: str, request: Request) -> Answer:
        """This gateway's answer for: 500, 429, unauthorized, not_found, no_route, key_changed, key_in_use."""
        status = {"500": 500, "429": 429, "unauthorized": 401, "key_changed": 400, "key_in_use": 409}
        return Answer({"message": kind}, status.get(kind, 404), stored=False)

    def expire_tokens(self, world: World) -> None:
        """Let every access token given so far be refused from now on (token_expired)."""

    def drain(self, world: World, rule: Rule) -> None:
        """Take the balance that payouts come from (balance_drained), with books.move(kind="drain")."""

    def subject(self, payload: Any) -> list[dict[str, Any]]:
        """The objects in an answer that carry the state of the money."""
        data = payload.get("data", payload) if isinstance(payload, dict) else payload
        return [each for each in (data if isinstance(data, list) else [data]) if isinstance(each, dict)]

    def items(self, payload: Any) -> list[Any] | None:
        """The list in an answer about many (bulk), to be shuffled or shortened in place."""
        data = payload.get("data") if isinstance(payload, dict) else None
        return data if isinstance(data, list) else None

    def distort(self, rule: Rule, payload: Any, dice: random.Random) -> None:
        """Put a fault of meaning on an answer, in place (it is a copy)."""
        if rule.kind in ("bulk_missing", "bulk_shuffled"):
            lies.thin_or_shuffle(rule, self.items(payload), dice)
            return
        names = {
            "unknown_status": self.status_names,
            "wrong_amount": self.amount_names,
            "wrong_currency": self.currency_names,
        }[rule.kind]
        for each in self.subject(payload):
            lies.change(rule, each, names)

    def hook_path(self, world: World, payload: dict[str, Any]) -> str:
        """Where a callback goes; iPaymu names it with each payment."""
        url: str = world.settings(self.name).get("webhook_url", "")
        return url

    def render(self, world: World, payload: dict[str, Any]) -> tuple[bytes, str]:
        """A callback's bytes and content type."""
        return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode(), JSON_TYPE

    def reserialised(self, body: bytes) -> bytes:
        """The same callback in other bytes, as a proxy that rewrites JSON would make them."""
        return json.dumps(json.loads(body), sort_keys=True, indent=1).encode()

    def sign(self, world: World, body: bytes, at: float) -> dict[str, str]:
        """The headers that show a callback to be genuine.

        ``at``: the moment to sign for, by the machine's clock and not the virtual one: whoever checks lives there.
        """
        return {}

    def missign(self, headers: dict[str, str], dice: random.Random) -> dict[str, str]:
        """The same headers with signatures that match nothing: hex and base64 digests are replaced."""
        return {name: lies.scrambled(value, dice) for name, value in headers.items()}

    def renamed(self, payload: dict[str, Any], world: World) -> dict[str, Any]:
        """The callback as another event: a fresh delivery id, where there is one in the body."""
        return payload

    def of_unknown(self, payload: dict[str, Any], world: World) -> dict[str, Any]:
        """The callback about an object that nobody asked for: every id and reference is new."""
        return lies.of_unknown(payload, world.fresh)

    def of_other_mode(self, payload: dict[str, Any], world: World) -> dict[str, Any]:
        """The callback as the other environment would send it."""
        return lies.of_other_mode(payload)

    def hook_taken(self, status: int) -> bool:
        """Whether an answer ends the tries of a callback."""
        return 200 <= status < 300
