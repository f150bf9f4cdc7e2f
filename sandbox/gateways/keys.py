"""Idempotency keys: the first answer of a key, kept and said again."""

import hashlib
from dataclasses import dataclass, field

from sandbox.gateways.clock import Clock
from sandbox.gateways.messages import JSON_TYPE, Answer, Request
from sandbox.gateways.mount import KeyPolicy
from sandbox.gateways.store import Table


@dataclass(slots=True)
class Keys:
    """The keys of all gateways that keep any. What is at work is known to this process alone."""

    clock: Clock
    table: Table
    _at_work: set[str] = field(default_factory=set)

    def claim(self, provider: str, scope: str, policy: KeyPolicy, request: Request) -> Answer | str | None:
        """What a key says about a request: an answer to replay, ``key_changed``, ``key_in_use`` or None.

        None: the work may begin, and the key is held until ``finish``.
        """
        name = self._name(provider, scope, request.key)
        if name in self._at_work:
            return "key_in_use"
        kept = self.table.get(name)
        if kept and policy.seconds is not None and self.clock.now() - kept["at"] >= policy.seconds:
            kept = None
        if kept is None:
            self._at_work.add(name)
            return None
        if policy.changed == "refuse" and kept["digest"] != digest(request):
            return "key_changed"
        header, value = policy.replayed
        headers = {"Content-Type": JSON_TYPE, **kept["headers"], header: value}
        return Answer(kept["body"].encode(), kept["status"], headers, stored=False)

    def finish(self, provider: str, scope: str, request: Request, answer: Answer) -> None:
        """Let the key go, and keep the answer if it is one that is kept."""
        name = self._name(provider, scope, request.key)
        self._at_work.discard(name)
        if answer.stored:
            kept = {"at": self.clock.now(), "digest": digest(request), "status": answer.status}
            self.table.put(name, {**kept, "headers": answer.headers, "body": answer.body().decode()})

    @staticmethod
    def _name(provider: str, scope: str, key: str) -> str:
        return f"{provider}|{scope}|{key}"


def digest(request: Request) -> str:
    """What two requests under one key must share: verb, path and parameters."""
    text = f"{request.verb} {request.path}?{sorted(request.query.items())}\n".encode() + request.body
    return hashlib.sha256(text).hexdigest()
