"""The admin's first page where nothing is wrong."""

from __future__ import annotations

from ops import front
from tests.ops.admin_pages import client_of


def test_the_first_page_is_green_when_all_is_well(world, monkeypatch):
    monkeypatch.setattr(front, "_scheduler", list)
    page = client_of("viewer").get("/admin/")
    assert "All is well" in page.context["well"]
    assert "All is well" in page.content.decode()
