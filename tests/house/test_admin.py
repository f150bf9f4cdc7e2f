"""Every table of ours can be looked at, and nothing that is money or history can be typed into."""

from __future__ import annotations

from django.apps import apps
from django.test import RequestFactory

from engine.core.actor import Actor, Role
from engine.core.readonly import Shown
from tests import pages
from tests.house import tree

SECRETS = {
    "payments.Attempt": {"envelope", "fence"},
    "payments_callbacks.Callback": {"body"},
    "engine_rest.ApiKey": {"digest"},
    "engine_rest.Answer": {"answer", "body"},
}


def _ours() -> list[type]:
    configs = [config for config in apps.get_app_configs() if config.name.split(".")[0] in tree.PRODUCT]
    return [model for config in configs for model in config.get_models()]


def test_every_model_has_an_admin_page() -> None:
    found = [model._meta.label for model in _ours() if model not in pages.registered()]
    tree.none_of(found, "Register it in its app's admin on engine.core.readonly.ReadOnly:")


def test_our_pages_are_read_only_and_never_count() -> None:
    found = []
    for model in _ours():
        page = pages.registered().get(model)
        if page is None:
            continue
        if not isinstance(page, Shown):
            found.append(f"{model._meta.label} can be edited")
        if page.show_full_result_count or page.paginator.__module__ != "engine.core.listing":
            found.append(f"{model._meta.label} counts its table")
        if page.sortable_by != ():
            found.append(f"{model._meta.label} sorts by a column without an index")
    tree.none_of(found, "Verbs change rows; a list of a million has no count (engine/core/readonly.py):")


def test_no_filter_asks_the_table_what_there_is() -> None:
    """A plain CharField in list_filter is a SELECT DISTINCT over everything, a foreign key a list of everybody."""
    found = []
    for model in _ours():
        page = pages.registered().get(model)
        for name in getattr(page, "list_filter", ()):
            field = model._meta.get_field(name) if isinstance(name, str) else None
            if field is not None and not field.choices and field.get_internal_type() != "BooleanField":
                found.append(f"{model._meta.label}: {name}")
    tree.none_of(found, "Use engine.core.listing.one_of with named conditions:")


def test_no_page_shows_a_secret() -> None:
    request = RequestFactory().get("/")
    request.clearbeat_actor = Actor("ada", "user", Role.ADMIN)  # type: ignore[attr-defined]
    found = []
    for label, secrets in SECRETS.items():
        model = apps.get_model(label)
        page = pages.registered()[model]
        shown = {*map(str, page.list_display), *map(str, page.get_fields(request, model()))}
        found += [f"{label}: {name}" for name in shown & secrets]
    tree.none_of(found, "Put it into `exclude`:")
