"""The truth about attempts: by the id that evidence has named, else by our reference; some at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from uuid import UUID

from engine.providers.base import Asked, Finding, Outcome
from engine.providers.edge.faults import Fault, NoAnswer
from engine.providers.edge.http import Answer
from engine.providers.flutterwave import findings, reading
from engine.providers.flutterwave.dialect import Dialect, Question, Row

_AT_ONCE = 8
_SEVERAL = "+"  # between the ids of payments that are booked as one


def look(dialect: Dialect, asked: Sequence[Asked]) -> dict[UUID, Finding]:
    """What is known of each; who could not be asked is left out. Calls out.

    Raises ProviderUnavailable where nothing at all was learned.
    """
    if not asked:
        return {}
    with ThreadPoolExecutor(min(_AT_ONCE, len(asked)), thread_name_prefix="look-flutterwave") as pool:
        said = list(pool.map(partial(_look, dialect), asked))
    faults = [each for each in said if isinstance(each, Fault)]
    if len(faults) == len(asked):
        raise faults[0].unavailable()
    return {
        each.attempt_id: found for each, found in zip(asked, said, strict=True) if isinstance(found, Finding)
    }


def _look(dialect: Dialect, asked: Asked) -> Finding | Fault:
    """One attempt. In a thread that speaks HTTP and nothing else."""
    made_for = asked.data.get("api")
    if made_for != dialect.version:
        text = f"it was sent by {made_for} of the API: set FLUTTERWAVE_API_VERSION to that to look it up"
        return findings.unknown("other_api_version", text, park=True)
    operation, ref = dialect.operations[asked.operation], asked.known.provider_ref
    if any(_SEVERAL in name for name in asked.known.movements):
        ref = ""  # one of them alone says less than what is booked
    try:
        if asked.told_ref:  # paid once more under the same reference: by what is known it would never be seen
            other = _answered(dialect, asked, operation.by_id(asked.told_ref))
            if other.outcome is Outcome.SUCCEEDED:
                return other
        return _answered(dialect, asked, operation.by_id(ref) if ref else operation.by_identity(asked))
    except Fault as fault:
        return fault


def _answered(dialect: Dialect, asked: Asked, question: Question) -> Finding:
    answer = dialect.client.get(question.path, question.query)
    return reading.traced(dialect, _of_answer(dialect, asked, answer), answer)


def _of_answer(dialect: Dialect, asked: Asked, answer: Answer) -> Finding:
    """What it says. Raises NoAnswer where the look itself failed: that says nothing of the attempt."""
    if found := findings.of_status(answer):
        raise NoAnswer(found.code, found.message)
    if answer.status >= 400:
        if answer.status == 404 or dialect.not_there(reading.json_of(answer), answer.status):
            return findings.missing("Flutterwave knows no such object", asked.operation)
        return findings.unknown("lookup_refused", f"Flutterwave refused the look-up (HTTP {answer.status})")
    data = reading.data_of(answer)
    if not isinstance(data, list | dict):
        return findings.unknown("unreadable", "the answer to the look-up can't be read")
    rows = [row for row in (data if isinstance(data, list) else [data]) if isinstance(row, dict)]
    return _of_rows(dialect, asked, rows, one=isinstance(data, dict))


def _of_paid(paid: Sequence[Finding], booked: Sequence[str]) -> Finding:
    """Several under one reference are one movement of all of them: another amount than was asked.

    What is booked so is said so again; where a part of it alone is seen, nothing is said.
    """
    parts = {name: set(name.split(_SEVERAL)) for name in booked}
    fresh = [one for one in paid if not any(one.movement_id in names for names in parts.values())]
    if not fresh:
        names = next(names for names in parts.values() if paid[0].movement_id in names)
        fresh = [one for one in paid if one.movement_id in names]
        if len(fresh) < len(names):
            return findings.unknown("partly_seen", f"of {len(names)} payments {len(fresh)} are seen now")
    if len(fresh) == 1:
        return fresh[0]
    if len({one.currency for one in fresh}) > 1:
        return findings.unknown(
            "paid_twice", "Flutterwave shows payments of several currencies under one reference", park=True
        )
    return replace(
        fresh[0],
        code="paid_twice",
        message=f"Flutterwave shows {len(fresh)} of them under one reference",
        movement_id=_SEVERAL.join(sorted(one.movement_id for one in fresh)),
        gross_minor=sum(one.gross_minor or 0 for one in fresh),
        network_fee_minor=sum(one.network_fee_minor for one in fresh),
    )


def _of_rows(dialect: Dialect, asked: Asked, rows: Sequence[Row], *, one: bool) -> Finding:
    """A list is looked through, whatever filter was asked for: one that they don't know they ignore."""
    operation = dialect.operations[asked.operation]
    said = [operation.read(row, asked, looked=True) for row in rows if operation.is_mine(row, asked)]
    paid = [found for found in said if found.outcome is Outcome.SUCCEEDED]
    if paid:
        return _of_paid(paid, asked.known.movements)
    if said:
        return said[0]
    if one:
        return findings.unknown("odd_answer", "Flutterwave answered the look-up with something else")
    return findings.missing("Flutterwave lists nothing under this reference", asked.operation)
