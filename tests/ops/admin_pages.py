"""The admin as a browser uses it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.template import engines
from django.test import Client

FRAME = "admin/base_site.html"
WHAT_IS_IN_IT = "{% block content %}{% endblock %}{% block footer %}{% endblock %}"


def client_of(role: str = "") -> Client:
    """A logged-in member of the role's group; without a role a superuser."""
    client = Client()
    if not role:
        client.force_login(User.objects.create_superuser("boss"))
        return client
    user = User.objects.create_user(f"the_{role}", is_staff=True)
    user.groups.set(Group.objects.filter(name=role))
    client.force_login(user)
    return client


def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without menu and frame: for tests that go through very many and hold what is asked and found.

    The frame is the same around each, and most of a page's time; test_admin.py shows it around every list.
    """
    engine = engines["django"].engine  # type: ignore[attr-defined]
    (loader,) = engine.template_loaders
    monkeypatch.setitem(loader.get_template_cache, FRAME, engine.from_string(WHAT_IS_IN_IT))


def url(table: str, *rest: object) -> str:
    app, _, model = table.rpartition("_")
    return "/".join(["", "admin", app, model, *map(str, rest), ""])


def listed(client: Client, table: str, term: object = "", **more: str) -> list[Any]:
    answer = client.get(url(table), {"q": term, **more})
    assert answer.status_code == 200
    return [row.pk for row in answer.context["cl"].result_list]


def preview(client: Client, table: str, action: str, *keys: object, **more: object) -> Any:
    """What is shown before anything is done."""
    answer = client.post(url(table), {"action": action, "_selected_action": keys, **more})
    assert answer.status_code == 200
    return answer


def act(client: Client, table: str, action: str, *keys: object, reason: str = "a drill") -> str:
    """The confirmed form; what was told."""
    form = {"action": action, "_selected_action": keys, "reason": reason, "confirmed": "yes"}
    answer = client.post(url(table), form, follow=True)
    return " ".join(str(message) for message in answer.context["messages"])
