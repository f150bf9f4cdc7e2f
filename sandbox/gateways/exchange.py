"""One request from its arrival to what the socket does: faults, keys, the handler, and lies about it."""

import copy
import logging
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from sandbox.gateways.faults import MEANING, Rule
from sandbox.gateways.mount import Answer, Mount, Refused, Request
from sandbox.gateways.store import as_of
from sandbox.gateways.world import World

log = logging.getLogger(__name__)

PROXY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}


@dataclass(slots=True)
class Sending:
    """What the socket does: ``answer``, ``hang`` (then close), ``reset``, ``cut`` (then close), ``drip``."""

    how: str
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    """hang: how long. drip: the gap between bytes."""
    first: list[str] = field(default_factory=list)
    """Callbacks to carry before a byte of this is sent."""


@dataclass(slots=True)
class Work:
    """A request that may be worked on after ``delay_ms``."""

    mount: Mount
    request: Request
    number: str
    keyed: bool
    delay_ms: int = 0


class Exchange:
    """Answers requests to the mounts of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bugs = 0
        """Handlers that raised what they should not; each is in the log."""

    def arrive(self, request: Request) -> Work | Sending:
        """Everything that comes before the work: what goes wrong there, credentials and keys."""
        self.world.timers.run()
        mount = self._mount(request)
        if mount is None:
            return _sending(Answer({"error": "no gateway at this path"}, 404))
        handler_is_page = self._route(mount, request)
        unreadable = self._parse(mount, request)
        words = mount.references(request) if unreadable is None else []
        if not handler_is_page:
            request.rules = self.world.rules.draw(mount.name, request.route, words)
        kinds = [rule.kind for rule in request.rules]
        number = self.world.journal.begin(mount.name, request, words, kinds)
        early = next((found for rule in request.rules if (found := self._before(mount, request, rule))), None)
        answer = None if early or handler_is_page else self._refused(mount, request, unreadable)
        if early or answer:
            return self._end(number, early or _sending(answer or Answer({})))
        held = self._claim(mount, request) if mount.keys and request.key and not handler_is_page else None
        if isinstance(held, Answer):
            replayed = mount.keys and mount.keys.replayed[0] in held.headers
            return self._after(mount, request, number, held, "replayed" if replayed else "answered")
        delay = sum(rule.delay_ms for rule in request.rules if rule.kind == "slow")
        return Work(mount, request, number, bool(mount.keys and request.key and not handler_is_page), delay)

    def work(self, work: Work) -> Sending:
        """Do what was asked, and decide what is said about it."""
        mount, request = work.mount, work.request
        answer = self._handled(mount, request)
        if work.keyed:
            self._keep(mount, request, answer)
        sending = self._after(mount, request, work.number, answer, "answered")
        sending.first, self.world.hooks.first = self.world.hooks.first, []
        return sending

    def _mount(self, request: Request) -> Mount | None:
        for mount in sorted(self.world.mounts, key=lambda each: -len(each.path)):
            if request.path == mount.path or request.path.startswith(mount.path + "/"):
                request.path = request.path[len(mount.path) :] or "/"
                return mount
        return None

    def _route(self, mount: Mount, request: Request) -> bool:
        """Find the call; whether it is a page for a browser."""
        for route in mount.routes:
            matched = route.matches.fullmatch(request.path) if route.verb == request.verb else None
            if matched:
                request.route, request.args = route.name, matched.groupdict()
                request.key = self._key(mount, request)
                return route.page
        return False

    @staticmethod
    def _key(mount: Mount, request: Request) -> str:
        policy = mount.keys
        return request.headers.get(policy.header, "") if policy and request.verb in policy.verbs else ""

    @staticmethod
    def _parse(mount: Mount, request: Request) -> Answer | None:
        try:
            request.data = mount.parse(request)
        except Refused as refused:
            return refused.answer
        return None

    def _refused(self, mount: Mount, request: Request, unreadable: Answer | None) -> Answer | None:
        try:
            mount.check(request)
        except Refused as refused:
            return refused.answer
        return unreadable if request.route else mount.error("no_route", request)

    def _before(self, mount: Mount, request: Request, rule: Rule) -> Sending | None:
        """A fault by which nothing is done."""
        answers = {
            "500_before": "500",
            "auth_revoked": "unauthorized",
            "duplicate_key_conflict": "key_in_use",
        }
        if rule.kind in answers:
            answer = mount.error(answers[rule.kind], request)
            return _sending(answer, status=rule.status if rule.kind == "500_before" else None)
        if rule.kind == "429":
            answer = mount.error("429", request)
            wait = {"Retry-After": str(rule.retry_after)} if rule.retry_after else {}
            return _sending(Answer(answer.payload, 429, {**answer.headers, **wait}))
        if rule.kind == "token_expired":
            mount.expire_tokens(self.world)
            return _sending(mount.error("unauthorized", request))
        if rule.kind == "html_502" and rule.when == "before":
            return Sending("answer", 502, PROXY_PAGE, HTML)
        if rule.kind == "timeout_before":
            return Sending("hang", seconds=rule.seconds)
        if rule.kind != "outage":
            return None
        if rule.style == "503":
            return _sending(Answer(b"Service Unavailable", 503, {"Content-Type": "text/plain"}))
        return Sending("hang" if rule.style == "hang" else "reset", seconds=rule.seconds)

    def _claim(self, mount: Mount, request: Request) -> Answer | None:
        assert mount.keys
        found = self.world.keys.claim(mount.name, mount.scope(request), mount.keys, request)
        return mount.error(found, request) if isinstance(found, str) else found

    def _keep(self, mount: Mount, request: Request, answer: Answer) -> None:
        broken = request.fault("500_after_success")
        if broken and broken.stored:
            answer = mount.error("500", request)
            answer.status, answer.stored = broken.status, True
        self.world.keys.finish(mount.name, mount.scope(request), request, answer)

    def _handled(self, mount: Mount, request: Request) -> Answer:
        route = next(each for each in mount.routes if each.name == request.route)
        if drained := request.fault("balance_drained"):
            mount.drain(self.world, drained)
        late = request.fault("lookup_404_for") or request.fault("stale_lookup")
        if late and route.lookup:
            moment = self.world.clock.now() - late.seconds
            self.world.store.look = as_of(moment, hide_only=late.kind == "lookup_404_for")
        try:
            return route.handler(request)
        except Refused as refused:
            return refused.answer
        except Exception:
            self.bugs += 1
            log.exception("a handler of %s failed: %s", mount.name, request.route)
            return mount.error("500", request)
        finally:
            self.world.store.look = None

    def _after(self, mount: Mount, request: Request, number: str, answer: Answer, outcome: str) -> Sending:
        """A fault of what is said, after all was done."""
        sending = _sending(answer)
        for rule in request.rules:
            if rule.kind in MEANING and not isinstance(answer.payload, bytes):
                payload = copy.deepcopy(answer.payload)
                mount.distort(rule, payload, self.world.random)
                sending.body = Answer(payload).body()
            else:
                self._spoil(mount, request, rule, sending)
        return self._end(number, sending, outcome)

    def _spoil(self, mount: Mount, request: Request, rule: Rule, sending: Sending) -> None:
        if rule.kind == "timeout_after_success":
            sending.how, sending.seconds = "hang", rule.seconds
        elif rule.kind == "reset_after_success":
            sending.how = "reset"
        elif rule.kind == "500_after_success":
            sending.status, sending.body = rule.status, mount.error("500", request).body()
        elif rule.kind == "drip":
            sending.how, sending.seconds = "drip", rule.delay_ms / 1000
        elif rule.kind == "truncated":
            sending.how = "cut"
        elif rule.kind == "malformed_json":
            sending.body = sending.body[: len(sending.body) // 2] + b"]"
        elif rule.kind == "html_502":
            sending.status, sending.body, sending.headers = 502, PROXY_PAGE, dict(HTML)

    def _end(self, number: str, sending: Sending, outcome: str = "answered") -> Sending:
        said = sending.how == "answer"
        self.world.journal.end(number, sending.status or None, outcome if said else sending.how)
        return sending


def _sending(answer: Answer, status: int | None = None) -> Sending:
    kind = "text/html; charset=utf-8" if isinstance(answer.payload, bytes) else "application/json"
    headers = {"Content-Type": kind, **answer.headers}
    return Sending("answer", status or answer.status, answer.body(), headers)


def query_of(target: str) -> tuple[str, dict[str, str]]:
    """A request's target as path and query; of a repeated name the last value stands."""
    path, _, query = target.partition("?")
    return path, dict(parse_qsl(query, keep_blank_values=True))
