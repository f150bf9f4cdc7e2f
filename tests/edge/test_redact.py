"""What others say is shown without keys and cards."""

from __future__ import annotations

import base64

import pytest

from engine.providers.edge.redact import redact

KEY = "s3cret/key+1"


@pytest.mark.parametrize(
    "text",
    [
        f"key {KEY} is wrong",
        "key s3cret%2Fkey%2B1 is wrong",
        f"Basic {base64.b64encode(f'{KEY}:'.encode()).decode()}",
        f"said {base64.b64encode(KEY.encode()).decode()}",
    ],
)
def test_a_secret_in_each_of_its_ways(text: str) -> None:
    shown = redact(text, [KEY])
    assert "[redacted]" in shown
    assert "s3cret" not in shown and "czNjcmV0" not in shown


@pytest.mark.parametrize(
    "secret",
    [
        "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc",
        "sk_" + "test_****7dc",
        "rk_" + "live_abc",
        "whsec_" + "abc123",
        "FLWSECK_TEST-" + "abc-X",
        "Bearer abc.def.123",
        "eyJhbGciOi.eyJzdWIi.c2ln",
        "4242 4242 4242 4242",
        "5555-5555-5555-4444",
        "4242424242424242",
    ],
)
def test_what_looks_like_a_key_or_a_card(secret: str) -> None:
    assert redact(f"Invalid: {secret}, try again") == "Invalid: [redacted], try again"


@pytest.mark.parametrize(
    "text",
    [
        "Basic authentication is needed",
        "amount 4242424242424241 too large",
        "order 1234",
        "a risk-free bearer token",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert redact(text, ["", "abc"]) == text


def test_user_and_password_of_a_url() -> None:
    assert redact("at https://us:pw@host/x") == "at https://[redacted]@host/x"


def test_one_line_of_a_bearable_length() -> None:
    assert redact("a\n b\r\nc " + "x" * 1000, most=10) == "a b c xxxx"
