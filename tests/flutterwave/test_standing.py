"""Health and doctor: credentials that are wrong are named by their variables, and nothing is ever raised."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from engine.providers.edge import tokens
from engine.providers.flutterwave import account
from engine.providers.flutterwave.provider import Flutterwave
from tests.flutterwave.conftest import Change
from tests.flutterwave.desk import Desk
from tests.flutterwave.test_faults import breaks

WRONG = SecretStr("FLWSECK_TEST-wrong-secret-X")


def test_it_is_well(desk: Desk) -> None:
    assert desk.provider.standing().reachable


def test_wrong_credentials_name_their_variables(desk: Desk, change: Change) -> None:
    change(flutterwave_client_secret=WRONG, flutterwave_secret_key=WRONG)
    said = Flutterwave().standing()
    name = (
        "FLUTTERWAVE_CLIENT_ID and FLUTTERWAVE_CLIENT_SECRET"
        if desk.version == "v4"
        else "FLUTTERWAVE_SECRET_KEY"
    )
    assert not said.reachable and f"{name} were refused" in said.message
    assert WRONG.get_secret_value() not in said.message


@pytest.mark.parametrize("kind", ["500_before", "malformed_json", "reset_after_success", "auth_revoked"])
def test_an_illness_is_an_answer(desk: Desk, kind: str) -> None:
    breaks(desk, kind)
    assert not desk.provider.standing().reachable


def test_nobody_there(desk: Desk, change: Change) -> None:
    change(flutterwave_url="http://127.0.0.1:9", flutterwave_token_url="http://127.0.0.1:9")
    tokens.forget()
    assert "127.0.0.1:9 could not be reached" in Flutterwave().standing().message


@pytest.mark.parametrize(
    ("version", "live", "url"),
    [("v4", False, "https://developersandbox-api.flutterwave.com"), ("v4", True, "https://f4bexperience.flutterwave.com"),
     ("v3", False, "https://api.flutterwave.com/v3"), ("v3", True, "https://api.flutterwave.com/v3")],
)  # fmt: skip
def test_where_each_version_is(change: Change, version: str, live: bool, url: str) -> None:
    change(flutterwave_api_version=version, livemode=live, flutterwave_url="", flutterwave_token_url="")
    found = account.read()
    assert found.url == url and found.token_url.startswith("https://idp.flutterwave.com/")


def test_the_sheets_differ_where_the_versions_do(desk: Desk) -> None:
    sheet = desk.provider.sheet
    v4 = desk.version == "v4"
    assert (sheet.resend_same_identity, sheet.identity_seconds) == (
        (("charge", "payout"), 23 * 3600) if v4 else ((), None)
    )
    assert "charge" in sheet.unique_reference and sheet.lookup_by_identity and not sheet.absence_certain
    assert (sheet.deadline_seconds, sheet.settlement) == (
        10.0,
        "platform",
    )  # 40 s by default: conftest has a quarter
    assert set(sheet.operations) == {"charge", "refund", "payout"}
