"""One call to Stripe: what it answered as plain JSON, or the fault or refusal that it came to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NotRequired, TypeAlias, TypedDict

import stripe

from engine.providers.edge.faults import NoAnswer
from engine.providers.edge.http import Answer
from engine.providers.edge.redact import redact
from engine.providers.stripe.account import Account
from engine.providers.stripe.reading import Heard, Json, is_of, text
from engine.providers.stripe.transport import EdgeClient

if TYPE_CHECKING:
    from stripe._v1_services import V1Services

Listing: TypeAlias = "Callable[[V1Services, Cursor], Any]"
FIND_MOST = 400  # members of a list in which an attempt without a name is looked for


class Cursor(TypedDict):
    """Which page of a list."""

    limit: int
    starting_after: NotRequired[str]


class Unreadable(NoAnswer):
    """An answer came, and it is not what it should be."""

    def __init__(self, message: str, trace: Json) -> None:
        super().__init__("unreadable", message)
        self.trace = trace


class Refused(Exception):
    """Stripe answered with an error. `error` is its envelope's inside, {} where there was none to read."""

    def __init__(self, status: int, error: Json, message: str, trace: Json) -> None:
        super().__init__(message)
        self.status, self.error, self.message, self.trace = status, error, message, trace

    def word(self, name: str) -> str:
        """A text of the error: type, code, decline_code, advice_code, param; "" where there is none."""
        value = self.error.get(name)
        return value if isinstance(value, str) else ""


class Api:
    """Our account at Stripe. Built once per process, used by many threads."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._edge = EdgeClient(account)
        self._client = stripe.StripeClient(
            account.key,
            max_network_retries=0,  # the engine owns every retry (I9)
            http_client=self._edge,
            base_addresses={"api": account.base},
        )

    def ask(self, operation: str, call: Callable[[V1Services], Any], *, moves: bool = False) -> Heard:
        """One call, sent once. Calls out.

        Raises NotSent, NoAnswer (also of an answer that can't be read), Limited, or Refused for any error status.
        """
        with self._edge.asking(operation, moves=moves) as asking:
            call(self._client.v1)
        assert asking.answer is not None
        trace, status = asking.answer.trace, asking.answer.status
        if not 200 <= status < 300:
            raise self._refused(status, _json(asking.answer), trace)
        found = _json(asking.answer)
        if not isinstance(found, dict):
            raise Unreadable(f"the answer (HTTP {status}) is no object", trace)
        return Heard(found, trace)

    def pages(self, operation: str, call: Listing, *, size: int = 20) -> Iterator[Heard]:
        """The members of a list, page by page of `size`, as they are read. Calls out; raises as `ask`. `call` gets the
        cursor's parameters."""
        cursor: Cursor = {"limit": size}
        while True:
            page, trace = self.ask(operation, partial(_at, call, cursor))
            rows, more = page.get("data"), page.get("has_more")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise Unreadable("the answer is no list", trace)
            yield from (Heard(row, trace) for row in rows)
            if more is False:
                return
            last = text(rows[-1], "id") if rows else ""
            if more is not True or last in ("", cursor.get("starting_after")):
                raise Unreadable("the list does not say how it goes on", trace)
            cursor = {"limit": size, "starting_after": last}

    def find(self, call: Listing, identity: str) -> Heard | None:
        """The member of a list whose metadata has our identity; None where the newest have none. As `pages`."""
        newest = islice(self.pages("lookup", call), FIND_MOST)
        return next((row for row in newest if is_of(row.found, identity)), None)

    def _refused(self, status: int, body: Any, trace: Json) -> Refused:
        error = body.get("error") if isinstance(body, dict) else None
        found = error if isinstance(error, dict) else {}
        said = found.get("message")
        message = redact(said, [self.account.key]) if isinstance(said, str) else f"Stripe answered {status}"
        return Refused(status, found, message, trace)


def _at(call: Listing, cursor: Cursor, v1: V1Services) -> Any:
    return call(v1, cursor)


def _json(answer: Answer) -> Any:
    try:
        return answer.json()
    except NoAnswer:
        return None
