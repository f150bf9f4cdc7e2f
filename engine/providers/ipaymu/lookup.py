"""The truth of each attempt: by its transaction's number, and where that is not known through the history.

On a page the payer may begin more than one transaction under one reference: a page is over only when all of them are
and its own time is, and may be paid twice. Until then no second link is made. Nothing is ever absent here: what is not
in the history yet may still be (sheet.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from engine.core import clock
from engine.providers.base import Asked, FailureClass, Finding, Outcome, ProviderUnavailable
from engine.providers.edge.faults import Fault
from engine.providers.ipaymu import client, history, judge
from engine.providers.ipaymu.account import Account
from engine.providers.ipaymu.charge import SESSION, lost, waits
from engine.providers.ipaymu.client import Reply, Trouble
from engine.providers.ipaymu.days import Days, Found, Span
from engine.providers.ipaymu.transaction import number_of
from engine.providers.ipaymu.words import ENDED, Status

# After a page's end: what was begun on it at the last moment is in the history by then.
MARGIN = timedelta(hours=1)


def lookup(account: Account, days: Days, asked: Sequence[Asked]) -> dict[UUID, Finding]:
    """Findings by attempt id; who is left out is asked again. Calls out, reads the database's clock.

    Raises ProviderUnavailable if nothing was learned.
    """
    found: dict[UUID, Finding] = {}
    seen: dict[str, Reply] = {}
    try:
        further: list[Asked] = []
        for one in asked:
            finding = _by_number(account, days, one, seen)
            paged = one.data["call"] == "page"
            if finding is not None and (not paged or finding.outcome is Outcome.SUCCEEDED):
                found[one.attempt_id] = finding
            if finding is None or paged:
                further.append(one)
        if further:
            _through_history(account, days, further, seen, found)
    except ProviderUnavailable:
        if not found:
            raise
    return found


def _by_number(account: Account, days: Days, one: Asked, seen: dict[str, Reply]) -> Finding | None:
    """None where no number of it is known: neither told, nor read by an earlier look that could not ask what it is."""
    numbers = {one.known.provider_ref} if one.known.provider_ref.isdecimal() else set()
    numbers |= days.named(one.identity)
    if not numbers:
        return None
    return judge.of_all(one, [_transaction(account, number, seen) for number in sorted(numbers)])


def _through_history(
    account: Account, days: Days, asked: Sequence[Asked], seen: dict[str, Reply], found: dict[UUID, Finding]
) -> None:
    """All transactions of each, asked for by the numbers that the history names. Writes into `found`.

    What lives is looked for among the newest first, what is over day by day. A row without a number is asked for all
    the same: what comes back says nothing, and so it stays unknown.
    """
    now = clock.machine_now()
    spans = {
        one.identity: Span(_moment(one, "asked_at"), _moment(one, "expires_at") + MARGIN) for one in asked
    }
    living = {identity: span.asked_at for identity, span in spans.items() if now < span.over_at}
    over = {identity: span for identity, span in spans.items() if identity not in living}
    read = days.find(over, now=now) if over else Found({}, set(), set())
    if living:
        scan = history.find(account, living)
        listed = {name: {number_of(row) for row in rows} for name, rows in scan.rows.items()}
        days.name(listed)
        read.numbers.update(listed)
        read.whole.update(living if scan.complete else ())
        if not scan.complete:
            _read_on(
                days, {name: Span(at, now) for name, at in living.items() if name not in scan.rows}, read
            )
    for one in asked:
        if (finding := _of_numbers(account, one, read, now, seen)) is not None:
            found[one.attempt_id] = finding


def _read_on(days: Days, beyond: Mapping[str, Span], read: Found) -> None:
    """What lives and was not reached among the newest, day by day from where the last look was: however few pages one
    look gets, the next ones come to it. That a list keeps no order says nothing yet of who may still be paid."""
    with suppress(ProviderUnavailable):
        more = days.find(beyond, now=max(span.over_at for span in beyond.values())) if beyond else read
        read.numbers.update(more.numbers)
        read.whole.update(more.whole)


def _of_numbers(
    account: Account, one: Asked, read: Found, now: datetime, seen: dict[str, Reply]
) -> Finding | None:
    """What is said of one; None where that would need the rest of the history."""
    numbers, whole = set(read.numbers.get(one.identity, ())), one.identity in read.whole
    booked = {number for name in one.known.movements for number in name.split("+")}
    numbers.update(each for each in (one.known.provider_ref, *booked) if each.isdecimal())
    finding: Finding | None = None
    if numbers:
        replies = [_transaction(account, number, seen) for number in sorted(numbers)]
        finding = _while_open(one, judge.of_all(one, replies), now)
    elif whole:
        finding = _not_listed(one, now)
    # Ended is said only of all its transactions; taken back, of one that is booked.
    ended = finding is None or finding.outcome in (Outcome.DECLINED, Outcome.REVERSED)
    if not ended or whole or (finding is not None and finding.movement_id in one.known.movements):
        return finding
    return _cut() if one.identity in read.cut else None


def _cut() -> Finding:
    """No look will ever tell: a person is asked."""
    text = (
        f"iPaymu's history of its days is longer than {history.PAGES_MAX} pages and comes in no order: whether it was "
        "paid can't be read from it. Look it up in iPaymu's dashboard."
    )
    return Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "history_cut", text, detail={"park": True})


def _moment(one: Asked, name: str) -> datetime:
    return datetime.fromisoformat(one.data[name])


def _not_listed(one: Asked, now: datetime) -> Finding:
    """A page that nobody opened may not be listed. Once its life is over nobody can begin anything on it any more.

    Where its creation was never answered, nothing is proved: it is not there yet, or never will be.
    """
    if not one.known.provider_ref.startswith(SESSION):
        return Finding(
            Outcome.MISSING,
            FailureClass.UNKNOWN,
            "not_in_history",
            "iPaymu's history does not have it (yet).",
            detail={"not_seen": True},
        )
    if _is_open(one, now):
        return waits(one.known.provider_ref, None, {})
    failure, code, sentence = ENDED[Status.EXPIRED]
    return Finding(Outcome.DECLINED, failure, code, sentence, provider_ref=one.known.provider_ref)


def _while_open(one: Asked, finding: Finding, now: datetime) -> Finding:
    """What was begun on a page has ended, and another payment may still be begun there: it waits, as a page does."""
    ended = finding.outcome in (Outcome.DECLINED, Outcome.REVERSED)
    if one.data["call"] != "page" or not ended or one.known.movements or not _is_open(one, now):
        return finding
    if not one.known.provider_ref:
        return lost(finding.provider_ref, one.data["expires_at"], finding.detail["trace"])
    return waits(finding.provider_ref, None, finding.detail["trace"])


def _is_open(one: Asked, now: datetime) -> bool:
    """Whether a payer may still begin something on a page, or what they began be on its way into the history."""
    return now < _moment(one, "expires_at") + MARGIN


def _transaction(account: Account, number: str, seen: dict[str, Reply]) -> Reply:
    """What is said of one, asked once a look. Raises ProviderUnavailable where nobody says anything."""
    if number in seen:
        return seen[number]
    try:
        reply = client.post(
            account, "/transaction", client.written({"transactionId": number}), operation="lookup"
        )
    except Fault as fault:
        raise fault.unavailable() from None
    if reply.trouble in (Trouble.CREDENTIALS, Trouble.SERVER):
        raise client.unavailable(reply)
    seen[number] = reply
    return reply
