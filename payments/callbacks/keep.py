"""Write a callback down: a row for each event of it, sealed, in one statement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from engine.core import cards, crypt, sql
from engine.core.ids import uuid7s
from engine.providers.abilities import Hint
from payments.callbacks import headers as header

REFUSED_BYTES_MAX = 8192  # of what is not believed a person sees the beginning
_LONGEST_EVENT, _LONGEST_KIND, _LONGEST_REF = 200, 80, 120


def keep(
    provider: str, body: bytes, headers: Mapping[str, str], hints: Sequence[Hint], *, refusal: str = ""
) -> bool:
    """Keep what `provider` told; True if all of it had come before. Commits, unless a transaction is open.

    `refusal`: why it is not believed; what its hints name is worked all the same, and without hints it is at its end.
    """
    digest = hashlib.sha256(body).hexdigest()
    told = _events(hints, digest, refusal)
    found = sql.rows(
        sql.statement(__file__, "keep"),
        {
            "ids": uuid7s(len(told)),
            "provider": provider,
            "state": "refused" if refusal and not hints else "waiting",
            "refusal": refusal[:60],
            "body": crypt.seal(_kept(body, refusal)),
            "size_bytes": len(body),
            "digest": digest,
            "headers": json.dumps(header.kept(headers)),
            "correlation_id": structlog.contextvars.get_contextvars().get("correlation_id"),
            "says": [str(one.says or "") for one in told],
            **sql.columns(told, "event_id", "kind", "identity", "provider_ref", "dispute_ref", "setup_ref"),
        },
    )
    return all(deliveries > 1 for (deliveries,) in found)


def _events(hints: Sequence[Hint], digest: str, refusal: str) -> list[Hint]:
    """The hints under ids of their own; one that says nothing where there is none.

    What is not believed has ids of its own kind: nobody takes the place of an event that is still to come.
    """
    made: dict[str, Hint] = {}
    for hint in hints or [Hint("", "")]:
        event_id = f"refused-{digest}" if refusal else _event_id(hint.event_id) or f"sha256-{digest}"
        if event_id in made:
            event_id = f"{event_id[: _LONGEST_EVENT - 5]}#{len(made)}"
        made[event_id] = _cut(hint, event_id)
    return list(made.values())


def _event_id(text: str) -> str:
    """A provider's id as it is; its digest where it is too long, or has what may be a card number: with that hidden two
    ids could be one."""
    kept = _text(text)
    if len(kept) > _LONGEST_EVENT or cards.mask(text) != text:
        return f"sha256-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}"
    return kept


def _cut(hint: Hint, event_id: str) -> Hint:
    """As the columns hold it. A reference that is too long names nothing of ours: evidence keeps none so long."""
    return replace(
        hint, event_id=event_id, kind=_text(hint.kind)[:_LONGEST_KIND], identity=_text(hint.identity)[:_LONGEST_REF],
        provider_ref=_text(hint.provider_ref)[:_LONGEST_REF], dispute_ref=_text(hint.dispute_ref)[:_LONGEST_REF],
        setup_ref=_text(hint.setup_ref)[:_LONGEST_REF],
    )  # fmt: skip


def _kept(body: bytes, refusal: str) -> bytes:
    """The body without a card number in it (row 4.33): its signature was checked over what came."""
    if not refusal:
        return cards.masked_bytes(body)
    # Somewhat more is looked through than is kept: none is cut in two.
    return cards.masked_bytes(body[: REFUSED_BYTES_MAX + 64])[:REFUSED_BYTES_MAX]


def _text(text: str) -> str:
    """Without what PostgreSQL can't hold, and what nobody may."""
    return cards.mask(text.replace("\x00", "").encode("utf-8", "replace").decode())
