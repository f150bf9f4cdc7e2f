"""Ids at the edge: as the document's pattern has them, or a bare uuid as it is usually written."""

from __future__ import annotations

from uuid import UUID

import pytest

from engine.rest import ids

ONE = UUID("0198c0de-0000-7000-8000-000000000001")


@pytest.mark.parametrize("text", [f"pay_{ONE.hex}", ONE.hex, str(ONE)])
def test_an_id_is_read(text):
    assert ids.read("payment", text) == ONE
    assert ids.show("payment", ONE) == f"pay_{ONE.hex}"


@pytest.mark.parametrize(
    "text",
    [
        f"sub_{ONE.hex}", f"pay_pay_{ONE.hex}", f"pay_{ONE}", f"urn:uuid:{ONE}", f"{{{ONE}}}", f"pay_{{{ONE.hex}}}",
        "-".join(ONE.hex), ONE.hex[:-1], f"{ONE.hex}0", f"{ONE.hex}\n", "", None, 17, "x" * 10_000,
    ],
)  # fmt: skip
def test_what_only_looks_like_one_is_not(text):
    assert ids.read("payment", text) is None
