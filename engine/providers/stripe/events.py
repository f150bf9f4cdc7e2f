"""What Stripe had to tell: it keeps its events for thirty days, whether their callbacks came or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from engine.providers.abilities import Told
from engine.providers.edge.faults import Fault
from engine.providers.stripe import refusal, webhook
from engine.providers.stripe.client import Api, Refused
from engine.providers.stripe.reading import Odd, check, text
from engine.providers.unread import Unread

if TYPE_CHECKING:
    from stripe.params import EventListParams

PAGE = 100  # the most that Stripe gives


def told(api: Api, since: datetime, until: datetime) -> Iterator[Told | Unread]:
    """Events of our own account from `since` to before `until`, the newest first; those that name nothing are left out.

    What can't be read is told as that: asked again it would be the same. Calls out. Raises ProviderUnavailable. What
    happens on connected accounts is listed by each of them alone.
    """
    wanted: EventListParams = {"created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())}}
    try:
        for heard in api.pages("lookup", lambda v1, cursor: v1.events.list({**wanted, **cursor}), size=PAGE):
            try:
                check(heard.found, "event", live=api.account.live)
            except Odd as odd:
                yield Unread("event", text(heard.found, "id"), str(odd))
                continue
            hint = webhook.hint_of(heard.found)
            if hint.identity or hint.provider_ref or hint.dispute_ref or hint.setup_ref:
                yield Told(json.dumps(heard.found, default=str).encode(), hint)
    except (Fault, Refused) as fault:
        raise refusal.unavailable(fault) from None
