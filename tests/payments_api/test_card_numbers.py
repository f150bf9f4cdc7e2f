"""Row 4.33: a card number is driven through every door there is, and stands in no table and no line of the log."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import get_resolver

from engine.core import cards
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from payments import switches
from tests.rest.conftest import Api, api, fault  # noqa: F401

NUMBER = "4242424242424242"
WRITTEN = (NUMBER, "4242 4242 4242 4242", "4242-4242-4242-4242")
NOBODY = "0198c0de000070008000000000000001"
_SAME = re.compile("4242.{0,3}4242")  # however it is written, and in no id by chance
# The bodies of callbacks are a gateway's: they are kept with the number hidden (tests/callbacks).
CALLBACKS = {f"api/webhooks/{NOBODY}", "api/billing/webhook"}


def addresses(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Every address of ours, with nobody's id in it."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from addresses(each.url_patterns, path)
        else:
            yield re.sub(r"<[^>]+>", NOBODY, path)


OF_API = sorted({each for each in addresses() if each.startswith("api/") and each not in CALLBACKS})


@pytest.fixture
def caller(api: Any, monkeypatch: pytest.MonkeyPatch) -> Api:  # noqa: F811
    monkeypatch.setattr(settings.ENV, "api_rate_limit", 100_000)
    return api()


@pytest.fixture
def nothing_kept(db: None, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Afterwards no table, and no line that the log would have, holds the number."""
    caplog.set_level(logging.DEBUG)
    yield
    assert not _SAME.search(_lines(caplog.records))
    assert not list(_kept())


def _lines(records: list[logging.LogRecord]) -> str:
    (formatter,) = {handler.formatter for handler in logging.getLogger().handlers
                    if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)}  # fmt: skip
    return "\n".join(formatter.format(record) for record in records)


def _kept() -> Iterator[str]:
    for model in apps.get_models():
        for row in model._default_manager.values_list():
            for value in row:
                text = bytes(value).decode("latin-1") if isinstance(value, memoryview | bytes) else str(value)
                if _SAME.search(text):
                    yield f"{model._meta.label}: {text[:200]}"


def test_the_search_finds_what_is_kept_and_what_is_logged(db: None, caplog: pytest.LogCaptureFixture) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE payments_killswitch SET reason = '4242-4242-4242-4242'")
        if not cursor.rowcount:
            switches.seed()
            cursor.execute("UPDATE payments_killswitch SET reason = '4242-4242-4242-4242'")
    assert list(_kept())
    logging.getLogger("somebody").warning("it was %s", NUMBER)
    structlog.get_logger("somebody").warning("it was", card={"number": [NUMBER]}, amount_minor=17)
    hidden = _lines(caplog.records)
    assert hidden.count("************4242") == 2 and NUMBER not in hidden


@pytest.mark.parametrize("path", OF_API)
def test_no_endpoint_takes_one(caller: Api, nothing_kept: None, path: str) -> None:
    one, two, three = WRITTEN
    bodies = ({"metadata": {"note": one}}, {"reason": f"paid with {two}!"}, {"card": {"number": three}},
              {"lines": [{one: 1}]}, {"name": two, "cvc": "123"})  # fmt: skip
    answered = [caller.post(f"/{path}", body, key=f"k{n}") for n, body in enumerate(bodies)]
    assert {response.status_code for response in answered} <= {400, 404, 405}, path
    # The source's own endpoints say it in their envelope.
    assert all(cards.SENTENCE in each.content.decode() for each in answered if each.status_code == 400), path
    for asked in (
        f"/{path}?note={NUMBER}",
        f"/{path}?{NUMBER}=1",
        f"/{path}/{NUMBER}",
        f"/{path}?a=4242+4242+4242+4242",
    ):
        refused = caller.get(asked)
        assert fault(refused)[:2] == (400, "card_number"), asked
        assert NUMBER not in refused.content.decode()


def test_enough_endpoints_are_tried() -> None:
    assert len(OF_API) > 60 and "api/payment-methods" in OF_API


@pytest.mark.parametrize(
    ("body", "param"),
    [({"name": NUMBER}, "name"), ({"metadata": {"card": "4242 4242 4242 4242"}}, "metadata.card"),
     ({"name": "Ada", "cvc": "123"}, "cvc"), ({"card": {"CVV2": 1}}, "card.CVV2"),
     ({"lines": ["a", NUMBER]}, "lines[1]")],
)  # fmt: skip
def test_the_answer_names_the_field_and_where_cards_go(caller: Api, body: dict[str, Any], param: str) -> None:
    refused = caller.post("/api/customers", body)
    assert fault(refused) == (400, "card_number", param)
    assert (
        "provider's own fields" in refused.json()["error"]["message"]
        and NUMBER not in refused.content.decode()
    )


def test_numbers_that_are_amounts_and_ids_pass(caller: Api) -> None:
    body = {
        "name": "Ada",
        "metadata": {"order": f"id-{NUMBER}x", "at": "1732204096003", "phone": "+6281234567890"},
    }
    assert caller.post("/api/customers", body, key="a" * 30).status_code == 201
    known = caller.post("/api/payment-methods", {"customer": NOBODY, "wallet": "w", "currency": "USDC",
                                                 "add_minor": 4242424242424242})  # fmt: skip
    assert fault(known)[1] != "card_number"


def test_headers_that_are_kept_hold_none(caller: Api, nothing_kept: None) -> None:
    refused = caller.post("/api/customers", {"name": "Ada"}, key=NUMBER)
    assert fault(refused) == (400, "card_number", "Idempotency-Key")
    answered = caller.post("/api/customers", {"name": "Ada"}, **{"X-Request-ID": NUMBER})
    assert answered.status_code == 201 and NUMBER not in answered["Request-Id"]


def test_the_admins_forms_and_searches_hold_none(nothing_kept: None, admin_client: Client) -> None:
    pages = ("/admin/payments/payment/", "/admin/billing/customer/", "/admin/")
    for page in pages:
        for number in WRITTEN:
            answers = (admin_client.get(page, {"q": number}),
                       admin_client.post(page, {"action": "park", "reason": f"x {number}"}))  # fmt: skip
            assert [each.status_code for each in answers] == [400, 400]
            assert "reason: this looks like a card number" in answers[1].content.decode()
    stranger = Client()
    assert stranger.post("/admin/login/", {"username": NUMBER, "password": "x"}).status_code == 400
    assert stranger.post("/admin/login/", {"username": "ada", "password": NUMBER}).status_code == 200


def test_a_reason_that_comes_by_a_command_is_refused_too(nothing_kept: None) -> None:
    switches.seed()
    with pytest.raises(Refusal) as refused:
        switches.stop_sending(reason=f"a drill with {NUMBER}", by=Actor("ada", "command", Role.ADMIN))
    assert (refused.value.code, refused.value.param) == ("card_number", "reason")


def test_the_web_servers_own_lines_are_hidden_too(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("gunicorn.access")
    atoms = {"r": f"GET /api/customers/4242%204242%204242%204242?a={NUMBER} HTTP/1.1", "s": "400"}
    record = log.makeRecord(log.name, logging.INFO, "", 0, '"%(r)s" %(s)s', (atoms,), None)
    assert log.filter(record)
    assert not cards.holds(record.getMessage()) and record.getMessage().endswith('HTTP/1.1" 400')
