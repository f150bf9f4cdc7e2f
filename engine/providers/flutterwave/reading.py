"""Reading what money depends on: status, amount, currency, our reference. What does not fit proves nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.providers.base import FailureClass, Finding, Outcome
from engine.providers.edge.faults import NoAnswer
from engine.providers.edge.http import Answer
from engine.providers.flutterwave import findings, numbers
from engine.providers.flutterwave.dialect import Dialect, Row, Sent


def reply(dialect: Dialect, sent: Sent, answer: Answer) -> Finding:
    """What the answer to a send says, with its trace."""
    found = findings.of_status(answer) or _of_body(dialect, sent, answer)
    return traced(dialect, found, answer)


def traced(dialect: Dialect, found: Finding, answer: Answer) -> Finding:
    """The same with what is stored of the exchange, and texts of theirs made fit to be shown."""
    detail = {"api": dialect.version, **found.detail, "trace": answer.trace}
    return replace(found, message=dialect.client.said(found.message), detail=detail)


def data_of(answer: Answer) -> Any:
    """`data` of a successful answer; None where it is no envelope of theirs.

    v3 says beside it, in `meta`, where the payer answers their bank: that is put into it as `authorization`.
    """
    body = json_of(answer)
    if not isinstance(body, dict) or body.get("status") != "success":
        return None
    data, meta = body.get("data"), body.get("meta")
    if isinstance(data, dict) and isinstance(meta, dict) and "authorization" in meta:
        return {**data, "authorization": meta["authorization"]}
    return data


def json_of(answer: Answer) -> Any:
    """The body, None where it is no JSON."""
    try:
        return answer.json()
    except NoAnswer:
        return None


def status_of(row: Row, name: str = "status") -> str:
    """A status in lower case, "" where there is none."""
    value = row.get(name)
    return value.strip().lower() if isinstance(value, str) else ""


def year(value: Any) -> str:
    """A year of four digits, as others write it: "32" -> "2032"."""
    text = str(value or "")
    return f"20{text}" if len(text) == 2 else text


def id_of(row: Row) -> str:
    """The provider's id, text or number; "" where there is none."""
    value = row.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)[:120]


def moved(row: Row, sent: Sent, *, amount: Any, currency: Any, fee: Any = 0, looked: bool) -> Finding:
    """It is said that the money moved: how much, of what. Not as it was asked, it is looked up before it counts.

    What a look says again is what arrived: the engine books it to suspense where it can. What it can't even read
    a person is shown.
    """
    ref, gross = id_of(row), numbers.minor(amount, currency)
    if not ref:
        return findings.unknown("odd_answer", "Flutterwave says that it is paid, and names no id of it")
    agrees = (gross, currency) == (sent.amount_minor, sent.currency)
    if gross is None or gross <= 0 or not (agrees or looked):
        text = f"Flutterwave says that {amount} {currency} moved where {sent.amount_minor} {sent.currency} was asked"
        found = findings.unknown("amount_unclear", text, **({"park": True} if looked else {}))
        return replace(found, provider_ref=ref)
    return Finding(
        Outcome.SUCCEEDED, code="succeeded", provider_ref=ref, movement_id=ref, gross_minor=gross,
        currency=currency, network_fee_minor=numbers.fee(fee, currency), network_currency=currency,
    )  # fmt: skip


def pending(row: Row, *, code: str = "processing", message: str = "", **detail: Any) -> Finding:
    """Taken, not final. Raises nothing; one without an id proves nothing."""
    if not id_of(row):
        return findings.unknown("odd_answer", "Flutterwave took it, and names no id of it")
    said = message or "Flutterwave has it and has not ended it."
    return Finding(Outcome.PENDING, code=code, message=said, provider_ref=id_of(row), detail=detail)


def action_needed(row: Row, url: Any) -> Finding:
    """The payer is asked by their bank; `url` is where they answer, if one is named."""
    link = url if isinstance(url, str) and url.startswith(("https://", "http://")) else None
    action = {"type": "redirect" if link else "unknown", "url": link, "expires_at": None}
    said = "The payer's bank asks the payer first."
    found = pending(row, code="payer_action_needed", message=said, action=action)
    return replace(found, failure_class=FailureClass.PAYER_ACTION) if found.provider_ref else found


def odd_status(row: Row) -> Finding:
    """A word that no paper names."""
    said = f"Flutterwave's status {str(row.get('status'))[:60]!r} is not known"
    return replace(findings.unknown("status_unknown", said), provider_ref=id_of(row))


def with_fee(found: Finding, fee: Any, currency: Any) -> Finding:
    """The same with what it cost all the same."""
    if not isinstance(currency, str):
        return found
    return replace(found, network_fee_minor=numbers.fee(fee, currency), network_currency=currency)


def taken_back(row: Row) -> Finding:
    """What had arrived came back: a look alone is believed that."""
    said = "It had arrived, and Flutterwave took it back."
    found = Finding(Outcome.REVERSED, FailureClass.HARD_DECLINE, "reversed", said)
    return refused(row, replace(found, movement_id=id_of(row)))


def refused(row: Row, found: Finding) -> Finding:
    """A conclusive end, with the id of what ended."""
    return replace(found, provider_ref=id_of(row))


def _of_body(dialect: Dialect, sent: Sent, answer: Answer) -> Finding:
    if answer.status >= 400:
        return dialect.refusal(json_of(answer), answer.status, sent)
    row = data_of(answer)
    if not isinstance(row, dict):
        return findings.unknown("unreadable", f"the answer (HTTP {answer.status}) can't be read")
    operation = dialect.operations[sent.operation]
    if not operation.is_mine(row, sent):
        return findings.unknown("odd_answer", "Flutterwave answered with something else than what was sent")
    return operation.read(row, sent, looked=False)
